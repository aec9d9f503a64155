"""A small copy of a picture -> everything that is found in it, and what kind of picture that makes it."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from demo_model.sight import charts, codes, documents, flats, photos, shapes
from demo_model.sight.facts import Chart, Code, Drawing, Kind, Line, Look, Page
from demo_model.sight.flats import Flats
from demo_model.sight.regions import Regions

_PLAIN = 0.9
_FLAT = 0.7
"""How much is in plain colours: of a picture that is nothing else, and of one in which figures are looked for."""

_ALL = 0.992
_MANY_AREAS = 60
_MANY_LINES = 4


def look(picture: NDArray[np.uint8]) -> Look:
    """Look at an RGB picture (height, width, 3) of at most some 640 pixels a side."""
    light = np.asarray(Image.fromarray(picture).convert("L"))
    painted = flats.find(picture)
    found_codes = codes.find(light)
    areas = flats.areas(painted) if painted.flatness >= _FLAT else None
    chart = charts.find(painted, areas) if areas else None
    drawing, page = (None, None) if chart else _drawing_or_page(painted, areas, light)
    kind = _kind(painted, found_codes, chart, drawing, page)
    return Look(
        kind=kind,
        flatness=painted.flatness,
        chart=chart,
        drawing=drawing,
        page=page,
        photo=photos.find(picture[::3, ::3]),
        codes=found_codes,
        writing=_writing(kind, light, chart, drawing, page),
    )


def _writing(
    kind: Kind, light: NDArray[np.uint8], chart: Chart | None, drawing: Drawing | None, page: Page | None
) -> tuple[Line, ...]:
    """The rows of a page, or those beside the bars of a chart and the figures of a drawing."""
    if kind == "chart" and chart:
        return documents.lines(light, [bar.box for bar in chart.bars])
    if kind == "shapes" and drawing:
        return documents.lines(light, [shape.box for shape in drawing.shapes])
    return page.lines if page and kind == page.kind else ()


def _drawing_or_page(
    painted: Flats, areas: Regions | None, light: NDArray[np.uint8]
) -> tuple[Drawing | None, Page | None]:
    """The figures of a picture and its writing; a page of writing has no figures but its letters and boxes."""
    page = documents.find(light) if areas is None or len(areas) > _MANY_AREAS else None
    if areas is None or (page and _is_written(page)):
        return None, page
    drawing = shapes.find(painted, areas)
    if page is None and not (drawing and _is_all(painted, drawing)):
        page = documents.find(light)
    if drawing and page and (_is_written(page) or len(drawing.shapes) > 5 * page.text_lines):
        drawing = None
    return drawing, page


def _is_all(painted: Flats, drawing: Drawing) -> bool:
    """Whether the figures of a drawing are all that there is on its ground."""
    return painted.ground_share + sum(shape.share for shape in drawing.shapes) > _ALL


def _is_written(page: Page) -> bool:
    return page.kind != "text" or page.text_lines >= _MANY_LINES


def _kind(
    painted: Flats, found_codes: tuple[Code, ...], chart: Chart | None, drawing: Drawing | None, page: Page | None
) -> Kind:
    if found_codes:
        return "code"
    if chart:
        return "chart"
    if drawing:
        return "shapes"
    if page and painted.ground_share > 0.3:
        return page.kind
    return "plain" if painted.flatness >= _PLAIN else "photo"
