"""What can be written about a picture to order: alt text, caption, listing, data and the like, from measures alone."""

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby, pairwise

from demo_model.grammar import Text, as_text, joined
from demo_model.pictures.descriptions import described, describes_horizon, names_largest
from demo_model.pictures.gists import gist
from demo_model.pictures.view import MOST_LISTED, PAGES, View, percent
from demo_model.sight.facts import Line, Shape

_THIRDS = ("top", "middle", "bottom")
_MOST_LINES = 40
_UNREAD = "[?]"

ALONE = ("alt_text", "caption", "data", "text")
"""Pieces that are asked for alone: nothing may stand around them."""


def _third(top: float, bottom: float) -> str:
    return _THIRDS[min(2, int(3 * (top + bottom) / 2))]


def _captions(view: View) -> Text:
    return joined(" ", (gist(view), _second_sentence(view) or ""))


def _second_sentence(view: View) -> Text | None:
    match view.picture.look.kind:
        case "shapes" if len(view.shapes) > 1:
            return names_largest(view)
        case "chart":
            return _in_order(view)
        case "photo":
            return describes_horizon(view)
    return None


def _in_order(view: View) -> Text | None:
    """The heights of all bars, if they are not too many to be listened to."""
    if view.chart is None or len(view.chart.bars) > MOST_LISTED:
        return None
    return view.speaker.say("in_order", bars=view.bar_list(view.chart.bars))


# --- descriptions -------------------------------------------------------------------------------------------------


def _details(view: View) -> Text:
    return joined(" ", (described(view), *_from_top_to_bottom(view), *_limits(view)))


def _for_listeners(view: View) -> Text:
    """The most important first, then from top to bottom and from left to right."""
    bars = _in_order(view) if view.picture.look.kind == "chart" else None
    return joined(" ", (gist(view), bars or "", *_from_top_to_bottom(view), *_limits(view)))


def _from_top_to_bottom(view: View) -> Iterator[Text]:
    """Where the figures or the lines stand; of other pictures, which colours follow one another."""
    kind = view.picture.look.kind
    if kind == "shapes":
        yield from _figures_by_thirds(view)
    elif kind in PAGES:
        for third, lines in _lines_by_thirds(view).items():
            yield _in_third(view, third, [view.lines(len(lines))])
    elif kind != "chart" and (kind == "photo" or len(set(view.picture.bands)) > 1):
        yield _bands(view)


def _bands(view: View) -> Text:
    words = view.words
    said = words.colour(view.picture.bands[0])
    for above, below in pairwise(view.picture.bands):
        said = words.say("then", first=said, last=words.colour(below)) if below != above else said
    return view.speaker.say("bands_are", bands=words.marked(said, "이에요", "예요"))


def _figures_by_thirds(view: View) -> Iterator[Text]:
    for third in _THIRDS:
        there = [shape for shape in view.shapes if _third(shape.box.top, shape.box.bottom) == third]
        there.sort(key=lambda shape: shape.box.centre[0])
        if len(there) > MOST_LISTED:
            yield _in_third(view, third, [view.by_kind(there)])
        elif there:
            yield _in_third(view, third, _in_a_row(view, there))


def _in_a_row(view: View, shapes: Sequence[Shape]) -> list[str]:
    """Figures as they follow one another, equal ones taken together."""
    runs = groupby(shapes, lambda shape: (shape.colour, shape.kind, shape.hollow))
    counts = [(alike, len(list(run))) for alike, run in runs]
    return [
        view.words.spelled(number, view.words.figure(colour, kind, number, hollow=hollow))
        for (colour, kind, hollow), number in counts
    ]


def _in_third(view: View, third: str, parts: list[str]) -> Text:
    words = view.words
    place = words.say(f"third_{third}")
    said = words.marked(words.listed(parts), "이", "가")
    if len(parts) == 1:
        return view.speaker.say("third_one", third=place[:1].upper() + place[1:], figure=said)
    return view.speaker.say("third_many", third=place[:1].upper() + place[1:], figures=said)


def _lines_by_thirds(view: View) -> dict[str, list[Line]]:
    found: dict[str, list[Line]] = {}
    for line in view.writing:
        found.setdefault(_third(line[0].top, line[0].bottom), []).append(line)
    return found


def _limits(view: View) -> Iterator[Text]:
    if view.writing:
        yield view.speaker.say("unread", lines=view.lines(len(view.writing)))
    if view.picture.look.kind == "photo":
        yield view.speaker.say("unknown")
    if view.picture.look.kind == "code":
        yield view.speaker.say("limits_decode")


# --- writing and data ---------------------------------------------------------------------------------------------


def _shows_where_text_is(view: View) -> Text:
    """The layout of the writing, with a mark for each block that a reader would have read."""
    if not view.writing:
        return _if_none(view, "no_text")
    words = view.words
    places = [
        words.say("lines_at", number=len(lines), third=words.say(f"third_{third}"))
        for third, lines in _lines_by_thirds(view).items()
    ]
    found = view.speaker.say(
        "text_found", lines=view.lines(len(view.writing)), places=words.listed(places), mark=_UNREAD
    )
    rows = ["    ".join([_UNREAD] * len(line)) for line in view.writing[:_MOST_LINES]]
    return joined("\n\n", (found, "\n".join(rows + ["…"] * (len(view.writing) > _MOST_LINES))))


def _if_none(view: View, phrase: str) -> Text:
    """What the prompt wants to hear if there is none."""
    return as_text(view.asked.if_none) if view.asked.if_none else view.speaker.say(phrase)


def _as_csv(view: View) -> Text:
    """The bars of a chart; of a table, a form or a receipt what was counted in it, for its cells are not read."""
    kind, page = view.picture.look.kind, view.page
    if kind == "chart" and view.chart:
        rows = [f"{bar.number},{view.words.colour(bar.colour)},~{percent(bar.height)}%" for bar in view.chart.bars]
        return joined("\n", (view.speaker.say("data_header"), *rows))
    if page is None or kind not in ("table", "form", "receipt"):
        return _if_none(view, "no_data")
    header, *names, read = view.speaker.row("page_counts")
    numbers = (page.text_lines, page.columns, page.rows, page.figures, page.boxes)
    counts = [f"{name},{number}" for name, number in zip(names, numbers, strict=True) if number]
    return joined("\n", (header, *counts, f"{read},0"))


# --- to be published ----------------------------------------------------------------------------------------------


def _lists_product(view: View) -> Text:
    words, drawing = view.words, view.picture.look.drawing
    names = [name for name, _ in view.picture.colours]
    names = [name for name in names if not drawing or name != drawing.ground] or names
    title = words.listed([words.colour(name) for name in names[:3]])
    kind = view.picture.look.kind
    look = words.say("no_shape") if kind in ("photo", "plain") else words.look(kind)
    parts = (
        view.speaker.say("product_title", colours=title),
        view.speaker.say("product_text"),
        view.speaker.say("product_list", colours=view.palette(), shape=view.by_kind(view.shapes) or look),
    )
    return joined("\n\n", parts)


def _checks_safety(view: View) -> Text:
    """A line for each thing to look for. None of them is a matter of measuring."""
    items = view.asked.items or ("people", "personal", "violence", "sexual", "danger")
    lines = [
        view.speaker.say("safety_personal", reason=_may_hold_data(view))
        if item == "personal"
        else view.speaker.say(f"safety_{item}")
        for item in items
    ]
    return joined("\n\n", (joined("\n", lines), view.speaker.say("safety_end")))


def _may_hold_data(view: View) -> Text:
    if view.writing:
        return view.speaker.say("may_hold_lines", lines=view.lines(len(view.writing)))
    if codes := view.picture.look.codes:
        return view.speaker.say("may_hold_code", code=view.words.code(codes[0].kind))
    return view.speaker.say("may_hold_none")


PIECES: dict[str, Callable[[View], Text]] = {
    "alt_text": gist,
    "caption": _captions,
    "detailed": _details,
    "text": _shows_where_text_is,
    "product": _lists_product,
    "data": _as_csv,
    "accessibility": _for_listeners,
    "safety": _checks_safety,
}
"""What writes each of the pieces of ``questions.toml``."""
