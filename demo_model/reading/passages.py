"""How a text is laid out: lines with labels ("Name: Mina"), headings, bullets, sentences, clauses and enumerations."""

import re
from dataclasses import dataclass

from demo_model.lazy_regex import lazy_regex

MOST_PASSAGES = 200
"""Entries that one text is cut into."""


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of a text. ``start``: where it stands."""

    start: int
    text: str


@dataclass(frozen=True, slots=True)
class Labelled:
    """A value with its label: "Phone: 010-1234-5678". ``start``: where the value stands."""

    label: str
    value: str
    start: int


_LABEL = lazy_regex(
    r"(?:^|(?<=[\n,;|(]))[ \t]{0,12}(?:[-*•·▪>#]{1,3}[ \t]{0,3})?(?:\*\*"
    r"|__)?([^\W\d_][\w '’/&().-]{0,38}?)(?:\*\*|__)?[ \t]{0,3}"
    r"(?:[:：](?!//|\d\d\b)|[ \t]=[ \t]|\t|\|)(?:\*\*|__)?[ \t]{0,8}"
)
_BULLET = lazy_regex(r"^[ \t]{0,12}(?:[-*•·▪◦+✔✓☐]|\[[ xX]?\])[ \t]{1,4}")
_NUMBERED = lazy_regex(r"^[ \t]{0,12}(?:\(?\d{1,2}[.)]|[①-⑳]|(?:Step|단계) ?\d{1,2}[.:)]?)[ \t]{0,4}", re.IGNORECASE)
_HEADING = lazy_regex(
    r"^[ \t]{0,3}(?:#{1,6}[ \t]{1,3}|\[|【|<|\*\*|■|□|○|●)?[ \t]{0,2}([^\n:：]{1,40}?)(?:\]|】|>"
    r"|\*\*)?[ \t]{0,3}[:：]?[ \t]{0,3}$"
)
_SENTENCE_END = lazy_regex(r"(?<=[.!?。])[\"'”’)]?\s{1,3}|\n{1,3}")
_ABBREVIATION = lazy_regex(r"\b(?:Mr|Mrs|Ms|Dr|Prof|St|No|vs|e\.g|i\.e|approx|a\.m|p\.m|[A-Z])\.$")
_NUMBER_ALONE = lazy_regex(r"\s{0,12}\d{1,2}\.")
_CLAUSE_END = lazy_regex(
    r"[;,](?!\d{3}(?!\d))\s{0,3}(?:(?:and|but|while)\s)?|\s(?:but|while|whereas|although|though|yet)\s"
    r"|(?<=지만)[,\s]\s?|(?<=는데)[,\s]\s?|(?<=은데)[,\s]\s?|(?<=으나)[,\s]\s?|(?<=[하되이되가있했았었]고)[,\s]\s?|(?<=[하되이]며)[,\s]\s?"
    r"|\s(?:그러나|하지만|반면|다만)\s"
)
_LIST_SPLIT = lazy_regex(
    r"[,;、·|]\s{0,3}(?:(?:and|or)\s|그리고\s|및\s)?|\s(?:and|&|그리고|및)\s|(?<=[가-힣]{2})(?:와|과|하고|이랑|랑)\s|\n"
)
_BARE_LIST = lazy_regex(r"[^,.!?:;\n]{1,60}(?:, ?[^,.!?:;\n]{1,60}){1,30}")
_SHORTEST_ENTRY = 2


def labels(text: str) -> list[Labelled]:
    """Every value that has a label; a label at the end of a line takes the lines below it, up to an empty one."""
    found = list(_LABEL.finditer(text))[:MOST_PASSAGES]
    values: list[Labelled] = []
    for match, after in zip(found, [*found[1:], None], strict=False):
        end = text.find("\n", match.end())
        end = len(text) if end < 0 else end
        if after is not None and after.start() < end:
            end = after.start()
        value = text[match.end() : end].strip(" \t,;|*_()")
        if not value:
            end = _end_of_block(text, match.end(), after.start() if after else len(text))
            value = text[match.end() : end].strip()
        values.append(Labelled(match.group(1).strip(), value, match.end()))
    return values


def _end_of_block(text: str, start: int, most: int) -> int:
    blank = text.find("\n\n", start + 1)
    return min(most, blank if blank >= 0 else len(text))


def sections(text: str) -> list[Labelled]:
    """Headings on a line of their own, with the lines below them, up to the next heading or an empty line."""
    found: list[Labelled] = []
    lines = lined(text)
    for place, line in enumerate(lines[:-1]):
        heading = _HEADING.match(line.text)
        if heading is None or _BULLET.match(line.text) or _NUMBERED.match(line.text):
            continue
        start = lines[place + 1].start
        end = _end_of_block(text, start, len(text))
        found.append(Labelled(heading.group(1).strip(), text[start:end], start))
        if len(found) >= MOST_PASSAGES:
            break
    return found


def lined(text: str) -> list[Passage]:
    """The lines that hold something."""
    passages: list[Passage] = []
    start = 0
    for line in text.split("\n"):
        if line.strip():
            passages.append(Passage(start, line))
        start += len(line) + 1
    return passages[: 5 * MOST_PASSAGES]


def bullets(text: str) -> list[Passage]:
    """The lines with a bullet, without it."""
    return _marked(text, _BULLET)


def steps(text: str) -> list[Passage]:
    """The lines with a number before them, without it."""
    return _marked(text, _NUMBERED)


def _marked(text: str, mark: re.Pattern[str]) -> list[Passage]:
    found: list[Passage] = []
    for line in lined(text):
        if (match := mark.match(line.text)) and len(line.text) - match.end() >= _SHORTEST_ENTRY:
            found.append(Passage(line.start + match.end(), line.text[match.end() :].strip()))
    return found[:MOST_PASSAGES]


def sentences(text: str) -> list[Passage]:
    """Sentences and lines; "Dr. Kim" ends none."""
    found: list[Passage] = []
    start = 0
    for match in _SENTENCE_END.finditer(text):
        last = text[max(start, match.start() - 12) : match.start()]
        if match.group()[:1] != "\n" and (_ABBREVIATION.search(last) or _NUMBER_ALONE.fullmatch(last)):
            continue
        found.append(Passage(start, text[start : match.start()]))
        start = match.end()
    found.append(Passage(start, text[start:]))
    return [each for each in found if each.text.strip()][: 5 * MOST_PASSAGES]


def clauses(text: str) -> list[Passage]:
    """Sentences, cut at "but", "지만", commas and the like."""
    found: list[Passage] = []
    for sentence in sentences(text):
        start = 0
        for match in _CLAUSE_END.finditer(sentence.text):
            found.append(Passage(sentence.start + start, sentence.text[start : match.start()]))
            start = match.end()
        found.append(Passage(sentence.start + start, sentence.text[start:]))
    return [each for each in found if each.text.strip()][: 5 * MOST_PASSAGES]


def entries(text: str) -> list[Passage]:
    """What reads as a list: bulleted lines, else numbered lines, else several lines, else sentences."""
    for marked in (bullets(text), steps(text)):
        if len(marked) > 1:
            return marked
    lines = lined(text)
    if len(lines) > 1 and sum(len(line.text) for line in lines) < 120 * len(lines):
        return lines[:MOST_PASSAGES]
    return sentences(text)[:MOST_PASSAGES]


def listed(text: str) -> list[Passage]:
    """The parts of "A, B and C", "사과와 배", or of lines."""
    marked = bullets(text) or steps(text)
    if marked:
        return marked
    found: list[Passage] = []
    start = 0
    for match in _LIST_SPLIT.finditer(text):
        found.append(Passage(start, text[start : match.start()]))
        start = match.end()
    found.append(Passage(start, text[start:]))
    trimmed = [Passage(each.start, each.text.strip(" \t.\"'“”‘’()[]")) for each in found]
    return [each for each in trimmed if each.text][:MOST_PASSAGES]


def enumeration(text: str) -> list[Passage]:
    """The longest enumeration within a sentence, without the words that lead to it; empty: there is none."""
    best = max(_BARE_LIST.finditer(text), key=lambda match: match.group().count(","), default=None)
    if best is None:
        return []
    parts = listed(best.group())
    if any(len(part.text.split()) > 5 for part in parts[1:]):
        return []
    return [Passage(best.start() + part.start, part.text) for part in parts]


def unmarked(line: str) -> str:
    """A line without its bullet, number or heading signs."""
    return _NUMBERED.sub("", _BULLET.sub("", line)).strip(" \t#*_>").strip()
