"""What a picture is like, where nothing more is asked: the most telling facts first."""

from collections.abc import Callable

from demo_model.grammar import Text, joined
from demo_model.pictures.view import View, percent


def described(view: View) -> Text:
    """The most telling facts first; the size and, unless the figures told them, the colours last."""
    look = view.picture.look
    told: list[Text | str] = [_DESCRIBED[look.kind](view)]
    told.append(view.size())
    if look.kind not in ("shapes", "chart") and not (look.kind == "photo" and look.photo.areas):
        told.append(view.speaker.say("colours", colours=view.palette()))
    if view.picture.transparent >= 0.01:
        told.append(view.speaker.say("transparent", share=f"{view.picture.transparent:.0%}"))
    return joined(" ", told)


def _describes_shapes(view: View) -> Text:
    ground = view.words.colour(view.picture.look.drawing.ground) if view.picture.look.drawing else ""
    if len(view.shapes) == 1:
        return view.speaker.say(
            "describe_shape", ground=ground, figure=view.figure(view.shapes[0]), place=view.place(view.shapes[0])
        )
    all_shapes = view.speaker.say(
        "describe_shapes", number=len(view.shapes), ground=ground, figures=view.by_kind(view.shapes)
    )
    return joined(" ", (all_shapes, names_largest(view) or ""))


def names_largest(view: View) -> Text | None:
    """Which figure is the largest, if one stands out."""
    largest = max(view.shapes, key=lambda shape: shape.share)
    if sum(shape.share > 0.95 * largest.share for shape in view.shapes) > 1:
        return None
    return view.speaker.say("describe_largest", figure=view.subject(largest), place=view.place(largest))


def _describes_chart(view: View) -> Text:
    chart = view.chart
    assert chart is not None  # the kind says so
    told = view.speaker.say(
        "describe_chart",
        number=len(chart.bars),
        direction=view.words.say("lying" if chart.lying else "upright"),
        bars=view.bar_list(chart.bars),
    )
    ends = view.speaker.say(
        "describe_ends",
        tallest=view.bar(chart.tallest),
        shortest=view.bar(chart.shortest),
        percent=percent(chart.shortest.height),
    )
    return joined(" ", (told, ends))


def describes_page(view: View) -> Text:
    return view.speaker.say(f"describe_{view.picture.look.kind}", reasons=view.words.listed(view.reasons()))


def describes_code(view: View) -> Text:
    told = [
        view.speaker.say("describe_code", code=view.words.code(code.kind), place=view.words.place(code.box.position))
        for code in view.picture.look.codes
    ]
    return joined(" ", told)


def _describes_photo(view: View) -> Text:
    photo = view.picture.look.photo
    told = [view.speaker.say("describe_photo", **view.light_words(), sharp=view.sharp_word())]
    told += [view.speaker.say("describe_area", **view.area(area)) for area in photo.areas]
    return joined(" ", (*told, describes_horizon(view) or ""))


def describes_horizon(view: View) -> Text | None:
    horizon = view.picture.look.photo.horizon
    return None if horizon is None else view.speaker.say("describe_horizon", percent=percent(horizon))


def _describes_plain(view: View) -> Text:
    light = view.light_words()
    return view.speaker.say("describe_plain", light=light["light"], brightness=light["brightness"])


_DESCRIBED: dict[str, Callable[[View], Text]] = {
    "shapes": _describes_shapes,
    "chart": _describes_chart,
    "table": describes_page,
    "form": describes_page,
    "receipt": describes_page,
    "text": describes_page,
    "code": describes_code,
    "photo": _describes_photo,
    "plain": _describes_plain,
}
