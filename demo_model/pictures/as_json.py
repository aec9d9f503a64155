"""The facts of pictures as JSON: keys in English, words in the language of the question."""

from typing import Any

from demo_model.call import Measured, Picture, Unfetched
from demo_model.pictures.questions import Asked
from demo_model.pictures.view import View, percent
from demo_model.pictures.words import PictureWords, compared, counted
from demo_model.sight.compare import Comparison
from demo_model.sight.facts import Bar, Chart, Page, Photo
from demo_model.speaker import Speaker


def as_json(pictures: tuple[Picture, ...], speaker: Speaker, asked: Asked | None = None) -> dict[str, Any]:
    """One picture: its facts. Several: the facts of each; of two also how the second differs from the first.

    ``asked``: the question; what is counted are the figures or bars that it names.
    """
    words = PictureWords(speaker)
    asked = asked or Asked()
    facts = [_facts(number, picture, asked, speaker) for number, picture in enumerate(pictures, start=1)]
    if len(facts) == 1:
        return facts[0]
    match pictures:
        case (Measured() as first, Measured() as second):
            return {"pictures": facts, "comparison": _comparison(compared(first, second), words)}
        case _:
            return {"pictures": facts}


def _facts(number: int, picture: Picture, asked: Asked, speaker: Speaker) -> dict[str, Any]:
    if isinstance(picture, Unfetched):
        return {"picture": number, "fetched": False}
    words = PictureWords(speaker)
    view = View(picture, asked, speaker, words)
    look = picture.look
    facts = {
        "picture": number,
        "width": picture.width,
        "height": picture.height,
        "format": picture.file_format,
        "kind": words.look(look.kind),
        "colours": [{"colour": words.colour(name), "share_percent": percent(share)} for name, share in picture.colours],
        "brightness_percent": percent(picture.brightness),
        "contrast_percent": percent(picture.contrast),
    }
    if look.chart:
        facts |= _chart(look.chart, words)
        if asked.colours:
            facts["count"] = len(view.asked_bars)
    if look.drawing:
        facts |= _drawing(view)
    if look.page and look.kind in ("table", "form", "receipt", "text"):
        facts |= _page(look.page)
    if look.codes:
        facts["codes"] = [
            {"kind": words.code(code.kind), "position": words.position(code.box.position)} for code in look.codes
        ]
    if look.kind == "photo":
        facts |= {"sharpness_percent": percent(picture.sharpness)} | _photo(look.photo, words)
    return facts


def _bar(bar: Bar, words: PictureWords) -> dict[str, Any]:
    return {"position": bar.number, "colour": words.colour(bar.colour), "height_percent": percent(bar.height)}


def _chart(chart: Chart, words: PictureWords) -> dict[str, Any]:
    return {
        "bars": [_bar(bar, words) for bar in chart.bars],
        "direction": words.say("lying" if chart.lying else "upright"),
        "tallest": _bar(chart.tallest, words),
        "shortest": _bar(chart.shortest, words),
    }


def _drawing(view: View) -> dict[str, Any]:
    words = view.words
    shapes = [
        {
            "kind": words.kind(shape.kind),
            "colour": words.colour(shape.colour),
            "position": words.position(shape.position),
            "size_percent": round(100 * shape.share, 1),
        }
        for shape in view.shapes
    ]
    counts = [
        {"kind": words.kind(kind), "colour": words.colour(colour), "count": number}
        for (kind, colour), number in counted(view.shapes)
    ]
    return {"shapes": shapes, "count": len(view.asked_shapes), "counts": counts}


def _page(page: Page) -> dict[str, Any]:
    names = ("text_lines", "columns", "rows", "boxes", "figures", "rules")
    return {name: getattr(page, name) for name in names}


def _photo(photo: Photo, words: PictureWords) -> dict[str, Any]:
    areas = [
        {
            "kind": words.say(f"area_{area.kind}"),
            "share_percent": percent(area.share),
            "position": words.position(area.position),
        }
        for area in photo.areas
    ]
    return {"horizon_percent": None if photo.horizon is None else percent(photo.horizon), "areas": areas}


def _comparison(comparison: Comparison, words: PictureWords) -> dict[str, Any]:
    return {
        "same": comparison.same,
        "alike": comparison.alike,
        "turn": comparison.turn,
        "brighter_percent": percent(comparison.brighter),
        "changes": [
            {
                "position": words.position(change.position),
                "before": words.colour(change.before),
                "after": words.colour(change.after),
            }
            for change in comparison.changes
        ],
    }
