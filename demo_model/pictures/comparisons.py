"""Two pictures or more side by side, in words."""

from demo_model.call import Measured, Picture
from demo_model.grammar import Text, joined
from demo_model.pictures.view import EQUAL, MOST_LISTED, dimensions, percent
from demo_model.pictures.words import PictureWords, compared
from demo_model.sight.compare import Change, Comparison, Move
from demo_model.sight.facts import Box
from demo_model.speaker import Speaker


def all_compared(pictures: tuple[Picture, ...], speaker: Speaker, words: PictureWords) -> Text | None:
    """Each further picture beside the first; None if these are not several that were measured."""
    measured = [picture for picture in pictures if isinstance(picture, Measured)]
    if len(measured) < 2 or len(measured) < len(pictures):
        return None
    told = [_compared(measured[0], later, speaker, words) for later in measured[1:]]
    if len(told) == 1:
        return told[0]
    return joined("\n\n", (speaker.say("compared_with", number=number) + text for number, text in enumerate(told, 2)))


def changed_copy(pictures: tuple[Picture, ...], speaker: Speaker, words: PictureWords) -> Text | None:
    """How the second of two pictures was made of the first; None if it was not."""
    match pictures:
        case (Measured() as first, Measured() as second) if compared(first, second).alike:
            return _compared(first, second, speaker, words)
        case _:
            return None


def _compared(first: Measured, second: Measured, speaker: Speaker, words: PictureWords) -> Text:
    comparison = compared(first, second)
    if not comparison.alike:
        sides = speaker.say("sides", first=_side(first, words), second=_side(second, words))
        return speaker.say("unlike", sides=sides)
    if comparison.same and not comparison.resized:
        return speaker.say("same")
    if comparison.same:
        return speaker.say("same_resized", first=dimensions(first), second=dimensions(second))
    bars = _changed_bars(first, second, words) if comparison.turn == "none" else []
    return _differences(comparison, bars, speaker, words)


def _differences(comparison: Comparison, bars: list[str], speaker: Speaker, words: PictureWords) -> Text:
    told: list[Text] = []
    if comparison.crop:
        told.append(speaker.say("cropped", **_part(comparison.crop, words)))
    if comparison.cut_from:
        told.append(speaker.say("cut_from", **_part(comparison.cut_from, words)))
    if comparison.turn != "none":
        told.append(speaker.say(f"turn_{comparison.turn}"))
    if comparison.brighter:
        phrase = "brighter" if comparison.brighter > 0 else "darker"
        told.append(speaker.say(phrase, percent=max(1, percent(abs(comparison.brighter)))))
    changes = bars or _changes(comparison, words)
    if len(changes) == 1:
        told.append(speaker.say("changed_one", changes=changes[0]))
    elif changes:
        told.append(speaker.say("changed", number=len(changes), changes="; ".join(changes)))
    return joined(" ", told)


def _changes(comparison: Comparison, words: PictureWords) -> list[str]:
    """Each change in words: of figures, where these explain all that changed, else of areas."""
    if len(comparison.moves) >= len(comparison.changes) or (comparison.moves and not comparison.changes):
        return [_move(move, words) for move in comparison.moves][:MOST_LISTED]
    return [_change(change, words) for change in comparison.changes]


def _change(change: Change, words: PictureWords) -> str:
    place, before, after = words.place(change.position), words.colour(change.before), words.colour(change.after)
    return words.say("change_shade" if before == after else "change_area", place=place, before=before, after=after)


def _move(move: Move, words: PictureWords) -> str:
    shape = move.before or move.after
    assert shape is not None  # one of them always is there
    figure, place = words.figure(shape.colour, shape.kind), words.place(shape.position)
    if move.after is None:
        return words.say("change_gone", figure=figure, place=place)
    if move.before is None:
        return words.say("change_new", figure=figure, place=place)
    if move.before.colour != move.after.colour:
        return words.say(
            "change_recoloured",
            figure=figure,
            place=place,
            colour=words.marked(words.colour(move.after.colour), "으로", "로"),
        )
    if move.before.position != move.after.position:
        return words.say(
            "change_moved",
            figure=figure,
            place=words.position(shape.position),
            target=words.marked(words.position(move.after.position), "으로", "로"),
        )
    if not 0.8 < move.before.share / move.after.share < 1.25:
        larger = move.after.share > move.before.share
        return words.say("change_larger" if larger else "change_smaller", figure=figure, place=place)
    return words.say("change_shifted", figure=figure, place=place)


def _changed_bars(first: Measured, second: Measured, words: PictureWords) -> list[str]:
    """Bars that grew or shrank, in two charts with the same bars."""
    one, two = first.look.chart, second.look.chart
    if one is None or two is None or [bar.colour for bar in one.bars] != [bar.colour for bar in two.bars]:
        return []
    return [
        words.say(
            "change_bar",
            bar=words.bar(before, one),
            before=percent(before.height),
            after=percent(after.height),
        )
        for before, after in zip(one.bars, two.bars, strict=True)
        if abs(before.height - after.height) > 2 * EQUAL
    ]


def _part(box: Box, words: PictureWords) -> dict[str, str | int]:
    area = (box.right - box.left) * (box.bottom - box.top)
    return {"place": words.place(box.position), "percent": percent(area)}


def _side(picture: Measured, words: PictureWords) -> str:
    return f"{words.look(picture.look.kind)}, {dimensions(picture)}"
