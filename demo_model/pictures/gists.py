"""One sentence on a picture, of at most 125 characters however it is worded: what an alt text may have."""

from collections.abc import Callable, Iterator

from demo_model.grammar import Text
from demo_model.pictures.view import EQUAL, PAGES, View
from demo_model.pictures.words import counted

LONGEST = 125
"""Characters, as the preset for alt texts has it; screen readers cut off what goes beyond."""

_PLAIN = 0.97


def gist(view: View) -> Text:
    """What is most telling in the picture: the fullest sentence that is short enough."""
    ways = list(_GISTS[view.picture.look.kind](view))
    return next((way for way in ways if way.longest <= LONGEST), ways[-1])


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _of_shapes(view: View) -> Iterator[Text]:
    drawing, words = view.picture.look.drawing, view.words
    assert drawing is not None  # the kind says so
    ground = words.colour(drawing.ground)
    if len(view.shapes) == 1:
        figure = _capital(words.spelled(1, view.figure(view.shapes[0])))
        yield view.speaker.say("gist_shape", figures=figure, place=view.place(view.shapes[0]), ground=ground)
        return
    groups = counted(view.shapes)
    parts = [words.spelled(number, words.figure(colour, kind, number)) for (kind, colour), number in groups]
    for kept in range(len(parts), 0, -1):
        rest = sum(number for _, number in groups[kept:])
        others = [words.say("gist_others", number=words.number(rest))] if rest else []
        figures = _capital(words.listed(parts[:kept] + others))
        yield view.speaker.say("gist_shapes", figures=figures, ground=ground)


def _of_chart(view: View) -> Iterator[Text]:
    chart, words = view.chart, view.words
    assert chart is not None  # the kind says so
    number = words.number(len(chart.bars))
    heights = sorted(bar.height for bar in chart.bars)
    if heights[-1] - heights[-2] < EQUAL or heights[1] - heights[0] < EQUAL:
        colours = words.listed(list(dict.fromkeys(words.hue(bar.colour) for bar in chart.bars)))
        yield view.speaker.say("gist_chart_tied", number=number, colours=colours)
        return
    yield view.speaker.say(
        "gist_chart",
        number=number,
        side=words.side(chart),
        high=words.rank(chart.tallest.number),
        high_hue=words.hue(chart.tallest.colour),
        low=words.rank(chart.shortest.number),
        low_hue=words.hue(chart.shortest.colour),
    )


def _of_page(view: View) -> Iterator[Text]:
    look, reasons = view.words.look(view.picture.look.kind), view.reasons()
    for kept in range(len(reasons), 0, -1):
        said = view.words.marked(view.words.listed(reasons[:kept]), "이", "가")
        yield view.speaker.say("gist_page", look=look, reasons=said)


def _of_code(view: View) -> Iterator[Text]:
    words, codes = view.words, view.picture.look.codes
    parts = [words.say("code_part", code=words.code(each.kind), place=words.place(each.box.position)) for each in codes]
    for kept in range(len(parts), 0, -1):
        yield view.speaker.say("gist_code", parts=_capital(words.listed(parts[:kept])))


def _of_photo(view: View) -> Iterator[Text]:
    words = view.words
    parts = [
        words.say("area_part", area=words.say(f"area_{area.kind}"), place=words.place(area.position))
        for area in view.picture.look.photo.areas
    ]
    colours = words.listed([words.colour(name) for name, _ in view.picture.colours[:2]])
    said = _capital(words.listed(parts) or words.say("mostly", colours=colours))
    yield view.speaker.say("gist_photo", parts=words.marked(said, "이", "가"))


def _of_plain(view: View) -> Iterator[Text]:
    colours = view.picture.colours
    shown = colours[:1] if colours[0][1] >= _PLAIN else colours
    yield view.speaker.say("gist_plain", colours=view.words.listed([view.words.colour(name) for name, _ in shown]))


_GISTS: dict[str, Callable[[View], Iterator[Text]]] = {
    "shapes": _of_shapes,
    "chart": _of_chart,
    "code": _of_code,
    "photo": _of_photo,
    "plain": _of_plain,
    **dict.fromkeys(PAGES, _of_page),
}
