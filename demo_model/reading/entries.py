"""How a text is cut into the entries of a list: by person, by task, by thing; and the parts of an enumeration."""

import re

from demo_model.lazy_regex import lazy_regex
from demo_model.reading import dates, extracting, names, passages, quantities
from demo_model.reading.extracting import Found, once
from demo_model.reading.keys import ROWS, Name
from demo_model.reading.passages import Passage

Known = dict[str, Found]
"""Values that the place of an entry has given away, by row."""

LONGEST_TITLE = 80


_DOES_EN = lazy_regex(
    r"^(?:['’]ll|will(?: be)?(?: going to)?|to|has to|have to|needs? to|should|must|is going to"
    r"|is responsible for|agreed to|"
    r"volunteered to|promised to|takes? over|takes? care of|owns?)\s{1,2}",
    re.IGNORECASE,
)
_UNTIL_EN = lazy_regex(
    r"\s{0,2}\b(?:by|until|before|on|no later than|due(?: on| by)?|this|next)\s{0,2}$", re.IGNORECASE
)
_AFTER_PERSON_KO = lazy_regex(
    r"^(?: ?(?:님|씨|대리|과장|부장|팀장|차장|사원|주임))?(?:님)?(?:은|는|이|가|께서)?\s{0,2}"
)
_TO_DO_KO = lazy_regex(
    r"(?:하기로 (?:했다|함|했습니다|한다|했음)|해야 (?:한다|합니다|함)|할 예정(?:이다|입니다|임)?|"
    r"합니다|한다|하고|하며|해 ?주세요|하기)$"
)
_SHORTEST_TASK = 3
TAG = lazy_regex(r"^\s?[\[【(<][^\[\]【】()<>]{1,20}[\]】)>]\s?")
"""A mark before a heading: "[Notice]"."""


def by_item(text: str) -> list[tuple[str, Known]]:
    """One passage for each thing, with its name, quantity, unit and price; else for each part of an enumeration."""
    lines = [line.text for line in passages.lined(text)]
    told = "\n".join(line for line in lines if not _is_of_another_kind(line))
    found = [(item.written, _known_of(item)) for item in quantities.items(told)]
    return found or [(each.written, {"items": each}) for each in enumerated_anywhere(text)]


def _known_of(item: quantities.Item) -> Known:
    known: Known = {}
    for row, value in (("items", item.name), ("quantities", item.quantity), ("units", item.unit)):
        if value is not None:
            known[row] = Found(0, str(value), value)
    known["amounts"] = item.price or Found(0, _amount(item), item.quantity or 0)
    known["numbers"] = known.get("quantities") or Found(0, "1", 1)
    return known


def _is_of_another_kind(line: str) -> bool:
    labelled = passages.labels(line)[:1]
    row = Name.of(labelled[0].label).row if labelled else None
    return row is not None and row not in ROWS["listed"] and row not in ("quantities", "amounts", "numbers")


def _amount(item: quantities.Item) -> str:
    """Quantity and unit as they are written: "10개", "600g", "2 cups"."""
    unit = item.unit or ""
    return f"{'' if item.quantity is None else item.quantity}{' ' if len(unit) > 2 and unit < '가' else ''}{unit}"


def by_person(text: str) -> list[tuple[str, Known]]:
    """One passage for each person: from the name to the next one; of one who comes again, all passages together."""
    found: dict[str, tuple[str, Known]] = {}
    for told, known in _from_name_to_name(text):
        name = known["people"].written
        found[name] = f"{found[name][0]}. {told}" if name in found else told, known
    return list(found.values())


def _from_name_to_name(text: str) -> list[tuple[str, Known]]:
    found: list[tuple[str, Known]] = []
    for sentence in passages.sentences(text)[: passages.MOST_PASSAGES]:
        persons = _each_once(names.people(sentence.text), sentence.text)
        ends = [*(each.start for each in persons[1:]), len(sentence.text)]
        for person, end in zip(persons, ends, strict=False):
            found.append((sentence.text[person.start : end], {"people": person}))
    return found[: 2 * passages.MOST_PASSAGES]


def _each_once(persons: list[Found], text: str) -> list[Found]:
    """Without the words for persons that a name follows: "손자 민수", "a son, Tom"."""
    kept: list[Found] = []
    for person, after in zip(persons, [*persons[1:], None], strict=False):
        between = text[person.start + len(person.written) : after.start] if after is not None else None
        if between != " " and not (between == ", " and person.written.islower()):
            kept.append(person)
    return kept


def by_task(text: str) -> list[tuple[str, Known]]:
    """One passage for each thing to do: bulleted lines as they are, sentences by person."""
    marked = passages.bullets(text) or passages.steps(text)
    all_marked = len(marked) == len(passages.lined(text))
    tasked = [each.text for each in marked if all_marked or names.names(each.text) or dates.days(each.text)]
    if marked:
        found: list[tuple[str, Known]] = [(each, {}) for each in tasked or [each.text for each in marked]]
    else:
        told = (each for each in passages.sentences(text) if not _is_labelled(each.text))
        found = _from_name_to_name("\n".join(each.text.replace("\n", " ") for each in told))
    tasks = ((each, known, _task_of(each, known.get("people"))) for each, known in found)
    return [(each, known | {"tasks": Found(0, task, task)}) for each, known, task in tasks if task]


def spoken(line: str) -> Known:
    """Who says what, if a line is one of a dialogue: "Mina: hello"."""
    labelled = passages.labels(line)[:1]
    if not labelled or not names.names(labelled[0].label):
        return {}
    said = line[labelled[0].start :].strip()
    return {"people": names.names(labelled[0].label)[0], "descriptions": Found(0, said, said)}


def by_quote(text: str) -> list[tuple[str, Known]]:
    """One passage for each quoted title; empty: there are fewer than two."""
    quotes = extracting.quotes(text)
    ends = [*(each.start for each in quotes[1:]), len(text)]
    found: list[tuple[str, Known]] = [
        (text[quote.start : end], {"title": quote}) for quote, end in zip(quotes, ends, strict=False)
    ]
    return found[: passages.MOST_PASSAGES] if len(found) > 1 else []


def _is_labelled(sentence: str) -> bool:
    """Whether a sentence is a line such as "Attendees: ...", and not "Mina: ..."."""
    found = passages.labels(sentence)[:1]
    return bool(found) and not names.names(found[0].label)


def _task_of(text: str, person: Found | None = None) -> str:
    """What is to be done: the passage without the person, the day and the words between."""
    text = re.split(r",? and I\b", text.strip(" ,.;"))[0]
    if person is not None and text.startswith(person.written):
        text = _without_person(text, 0, person.written)
    else:
        for each in names.names(text)[:2]:
            text = _without_person(text, text.find(each.written), each.written)
    for day in (dates.days(text) + dates.times(text))[:2]:
        place = text.find(day.written)
        if place >= 0:
            after = re.sub(r"^(?:일?까지|에)\s?", "", text[place + len(day.written) :])
            text = f"{_UNTIL_EN.sub('', text[:place]).rstrip(' (-–:,')} {after.lstrip(' ),')}".strip()
    text = re.sub(r"\s(?:and|그리고|및)$", "", _DOES_EN.sub("", text.strip(" ,.;:()-–")))
    text = re.sub(r"(?<=[가-힣])(?:은|는|이|가)$", "", _TO_DO_KO.sub("", text))
    text = " ".join(text.split()).strip(" ,.;:()")
    return text if len(text) >= _SHORTEST_TASK and text.lower() not in ("and", "with") else ""


def _without_person(text: str, start: int, name: str) -> str:
    before, after = text[: max(start, 0)], text[max(start, 0) + len(name) :]
    return f"{before.rstrip(' (-–:→@[')} {_AFTER_PERSON_KO.sub('', after).lstrip(' :,-–)]')}".strip()


def heading_of(line: str) -> Known:
    """What a line of a schedule is about: without its dates, times, places and brackets."""
    rest = TAG.sub("", dates.without_dates(line))
    for each in (*dates.days(line), *names.venues(rest), *dates.periods(line)):
        rest = rest.replace(each.written, " ", 1)
    title = " ".join(re.sub(r"\([^()]{0,60}\)", " ", rest).split()).strip(" ,.:;-–~|()@")
    return {"title": Found(0, title, title)} if re.search(r"[^\W\d_]", title) and len(title) <= LONGEST_TITLE else {}


def enumerated_anywhere(text: str) -> list[Found]:
    for sentence in passages.sentences(text):
        if found := enumerated(sentence):
            return found
    return trimmed(passages.bullets(text))


def enumerated(sentence: Passage) -> list[Found]:
    """The parts of an enumeration, without the words of the sentence around it."""
    _, colon, tail = sentence.text.partition(": ")
    parts = (
        passages.listed(tail.rstrip("."))
        if colon
        else passages.enumeration(sentence.text) or passages.listed(sentence.text)
    )
    if len(parts) < 2:
        return []
    most = max(len(part.text.split()) for part in parts[1:-1] or parts[1:])
    if not colon:
        first = Passage(parts[0].start, " ".join(parts[0].text.split()[-most:]))
        last = parts[-1].text
        last = re.split(r"(?<=[가-힣])(?:을|를|이|가|은|는|으로|로|에서|에)(?=\s|$)", last)[0] if last >= "가" else last
        parts = [first, *parts[1:-1], Passage(parts[-1].start, last)]
    if any(len(part.text.split()) > 4 or len(part.text) > 40 for part in parts):
        return []
    return trimmed(parts)


def trimmed(parts: list[Passage]) -> list[Found]:
    """The parts of a list as values, each once."""
    return once(Found(each.start, text, text) for each in parts if (text := passages.unmarked(each.text).strip(" .,")))
