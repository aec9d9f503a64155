"""What can be asked of one picture: a function for each topic, which gives None if it has nothing to say of it."""

from collections.abc import Callable, Sequence

from demo_model.grammar import Text, joined
from demo_model.pictures.descriptions import described, describes_code, describes_page
from demo_model.pictures.view import EQUAL, PAGES, View, percent, share
from demo_model.pictures.words import counted
from demo_model.sight.facts import Bar


def counts(view: View) -> Text | None:
    asked = view.asked
    if "colours" in asked.topics and not asked.figures and not asked.colours:
        return view.speaker.say("count_colours", number=len(view.picture.colours), colours=view.palette())
    if view.chart and (asked.bars or not asked.kinds):
        return _counts_bars(view)
    if not (asked.figures or asked.colours) and "name" in asked.topics:
        return None
    if not view.shapes:
        return view.speaker.say("nothing_to_count") if asked.figures or asked.colours else None
    found = view.asked_shapes
    if not found:
        return view.speaker.say("count_none", wanted=view.topic(view.wanted()), found=view.by_kind(view.shapes))
    if len(found) == 1:
        return view.speaker.say("count_one", figure=view.topic(view.figure(found[0])), place=view.place(found[0]))
    alike = len(counted(found)) == 1
    return view.speaker.say(
        "count_many",
        number=len(found),
        figures=view.topic(view.figures(found[0], len(found)) if alike else view.wanted(len(found))),
        detail=view.places(found) if alike else view.by_kind(found),
    )


def _counts_bars(view: View) -> Text | None:
    bars = view.asked_bars
    if bars or not view.asked.colours:
        return view.speaker.say("count_bars", number=len(bars), detail=view.bar_list(bars)) if bars else None
    everything = view.chart.bars if view.chart else ()
    wanted = view.topic(view.words.figure(view.asked.colours[0], "bar", 2))
    return view.speaker.say("count_none", wanted=wanted, found=view.bar_list(everything))


def _finds(view: View) -> Text | None:
    if view.chart and (view.asked.bars or view.asked.colours) and (bars := view.asked_bars):
        return view.speaker.say(
            "where_bar",
            bar=view.words.listed([view.bar(bar) for bar in bars]),
            number=len(view.chart.bars),
        )
    found = view.asked_shapes
    if len(found) == 1:
        return view.speaker.say("where_one", figure=view.topic(view.figure(found[0])), place=view.place(found[0]))
    return counts(view)


def shows_what_is_there(view: View) -> Text | None:
    """What stands at the place that is asked for; None if none is, or the picture has no figures."""
    if view.asked.position is None or not view.shapes:
        return None
    place = view.words.place(view.asked.position)
    if not view.asked_shapes:
        return view.speaker.say("nothing_there", place=place, found=view.by_kind(view.shapes))
    figures = view.by_kind(view.asked_shapes)
    return view.speaker.say("here_is", place=place, figures=figures, **_opening(view, place))


def _opening(view: View, place: str) -> dict[str, str]:
    return {"opening": place[:1].upper() + place[1:]}


def _names_colours(view: View) -> Text | None:
    asked = view.asked
    if view.chart and (asked.bars or asked.numbers) and view.asked_bars:
        return view.speaker.say("colour_of", figures=view.words.listed([view.bar(bar) for bar in view.asked_bars]))
    if (asked.kinds or asked.figures or asked.position) and view.shapes:
        if not view.asked_shapes:
            return counts(view)
        return view.speaker.say("colour_of", figures=view.placed(view.asked_shapes))
    return view.speaker.say("colours_are", colours=view.palette())


def _finds_largest(view: View) -> Text | None:
    return _extreme(view, "largest") or (_finds_tallest(view) if view.chart else None)


def _finds_smallest(view: View) -> Text | None:
    return _extreme(view, "smallest") or (_finds_shortest(view) if view.chart else None)


def _extreme(view: View, which: str) -> Text | None:
    found = view.asked_shapes or list(view.shapes)
    if not found:
        return None
    shape = (max if which == "largest" else min)(found, key=lambda shape: shape.share)
    return view.speaker.say(which, figure=view.subject(shape), place=view.place(shape), percent=share(shape.share))


# --- bars ---------------------------------------------------------------------------------------------------------


def _finds_tallest(view: View) -> Text | None:
    if view.chart is None:
        return _extreme(view, "largest") or view.speaker.say("no_bars")
    order = sorted(view.chart.bars, key=lambda bar: -bar.height)
    if 1 < view.asked.rank <= len(order):
        return _ranked(view, order, view.asked.rank)
    equal = [bar for bar in order if order[0].height - bar.height < EQUAL]
    if len(equal) > 1:
        return view.speaker.say("tied", bars=view.bars(equal))
    return view.speaker.say(
        "tallest", bar=view.bar(order[0]), next=view.bar(order[1]), percent=percent(order[1].height)
    )


def _finds_shortest(view: View) -> Text | None:
    if view.chart is None:
        return _extreme(view, "smallest") or view.speaker.say("no_bars")
    order = sorted(view.chart.bars, key=lambda bar: bar.height)
    if 1 < view.asked.rank <= len(order):
        return _ranked(view, order[::-1], len(order) + 1 - view.asked.rank)
    equal = [bar for bar in order if bar.height - order[0].height < EQUAL]
    if len(equal) > 1:
        return view.speaker.say("tied_low", bars=view.bars(equal))
    return view.speaker.say(
        "shortest", bar=view.bar(order[0]), other=view.bar(order[-1]), percent=percent(order[0].height)
    )


def _ranked(view: View, order: Sequence[Bar], rank: int) -> Text:
    bar = order[rank - 1]
    return view.speaker.say("ranked", rank=view.words.rank(rank), bar=view.bar(bar), percent=percent(bar.height))


def _measures_gap(view: View) -> Text | None:
    """How two bars differ: those that are named, or else the tallest and the shortest."""
    if view.chart is None:
        return None
    named = view.asked_bars if view.asked.numbers or view.asked.colours else []
    two = named[:2] if len(named) >= 2 else [view.chart.tallest, *(named or [view.chart.shortest])]
    high, low = sorted(two, key=lambda bar: -bar.height)
    if high.height - low.height < EQUAL:
        return view.speaker.say("gap_none", high=view.bar(high), low=view.bar(low))
    return view.speaker.say(
        "gap",
        high=view.bar(high),
        low=view.bar(low),
        times=f"{high.height / low.height:.1f}",
        high_percent=percent(high.height),
        low_percent=percent(low.height),
        percent=percent(high.height) - percent(low.height),
    )


def _lists_heights(view: View) -> Text | None:
    bars = view.asked_bars
    return view.speaker.say("heights", bars=view.bar_list(bars)) if bars else None


# --- pages, light, codes ------------------------------------------------------------------------------------------


def _judges_page(view: View) -> Text | None:
    if view.picture.look.kind in PAGES:
        return describes_page(view)
    return view.speaker.say("page_not", look=view.words.look(view.picture.look.kind))


def _counts_lines(view: View) -> Text:
    if view.page is None or not view.page.text_lines:
        return view.speaker.say("lines_none")
    return view.speaker.say("lines_are", lines=view.lines(view.page.text_lines))


def _counts_columns(view: View) -> Text | None:
    return view.speaker.say("columns_are", reasons=view.words.listed(view.reasons())) if view.page else None


def _finds_codes(view: View) -> Text:
    if not view.picture.look.codes:
        return view.speaker.say("code_none")
    return joined(" ", (describes_code(view), view.speaker.say("limits_decode")))


def _measures_areas(view: View) -> Text:
    """The areas of the colours of a sky, of plants or of both, as it is asked."""
    found = view.picture.look.photo.areas if view.picture.look.kind in ("photo", "plain") else ()
    named = {"sky", "plants"} & set(view.asked.topics) or {"sky", "plants"}
    areas = [area for area in found if area.kind in named]
    if not areas:
        return view.speaker.say("area_none")
    return joined(" ", (view.speaker.say("area_is", **view.area(area)) for area in areas))


def _finds_horizon(view: View) -> Text:
    horizon = view.picture.look.photo.horizon
    if horizon is None or view.picture.look.kind not in ("photo", "plain", "shapes"):
        return view.speaker.say("horizon_none")
    return view.speaker.say("horizon_is", percent=percent(horizon))


def _measures_light(view: View) -> Text:
    return view.speaker.say("bright_is", **view.light_words(), spread=f"{view.picture.contrast:.0%}")


def _measures_sharpness(view: View) -> Text:
    return view.speaker.say("sharp_is", sharp=view.sharp_word(), percent=percent(view.picture.sharpness))


def _measures_size(view: View) -> Text:
    if (view.asked.kinds or view.asked.colours) and len(view.asked_shapes) == 1:
        shape = view.asked_shapes[0]
        return view.speaker.say(
            "size_of",
            figure=view.topic(view.figure(shape)),
            percent=share(shape.share),
            width=round((shape.box.right - shape.box.left) * view.picture.width),
            height=round((shape.box.bottom - shape.box.top) * view.picture.height),
        )
    return view.size()


def _cannot(view: View) -> Text:
    """What is measured, before the words on what is not."""
    return described(view)


def _alone(view: View) -> Text:
    """A comparison was asked for, of one picture: of its bars, or else of what is not there."""
    if view.asked.bars and (gap := _measures_gap(view)):
        return gap
    return joined(" ", (view.speaker.say("only_one"), described(view)))


TOPICS: dict[str, Callable[[View], Text | None]] = {
    "difference": _alone,
    "gap": _measures_gap,
    "lines": _counts_lines,
    "columns": _counts_columns,
    "code": _finds_codes,
    "page": _judges_page,
    "tallest": _finds_tallest,
    "shortest": _finds_shortest,
    "largest": _finds_largest,
    "smallest": _finds_smallest,
    "heights": _lists_heights,
    "name": _cannot,
    "read": _cannot,
    "horizon": _finds_horizon,
    "sky": _measures_areas,
    "plants": _measures_areas,
    "scenery": _measures_areas,
    "sharp": _measures_sharpness,
    "bright": _measures_light,
    "size": _measures_size,
    "where": _finds,
    "count": counts,
    "colours": _names_colours,
    "describe": shows_what_is_there,
}
"""What answers each topic of ``questions.toml``."""
