"""What each row of ``fields.toml`` finds in a text."""

import re
from collections.abc import Callable

from demo_model.lazy_regex import lazy_regex
from demo_model.reading import dates, entries, extracting, judging, names, passages, quantities
from demo_model.reading.extracting import Found, once
from demo_model.reading.keys import TABLES, Name, occurrences
from demo_model.reading.passages import Passage
from demo_model.skills import arithmetic, text_skills
from demo_model.skills.words import WORDS
from demo_model.speaker import language_of

Finder = Callable[[str], list[Found]]


_DIMENSIONS = {
    "temperatures": "temperature", "durations": "time", "weights": "weight", "lengths": "length", "areas": "area",
    "speeds": "speed",
}  # fmt: skip
_FLIGHT = lazy_regex(r"(?<![\w-])([A-Z]{2} ?\d{2,4})(?![\w-])")
_REQUEST = lazy_regex(r"\b(?:please|could you)\b|부탁|주세요|바랍니다", re.IGNORECASE)
_WISH = lazy_regex(r"\bwould (?:like|prefer|appreciate)\b|싶습니다|싶어요", re.IGNORECASE)
_BECAUSE = lazy_regex(
    r"\b(?:because|since|due to|as a result of|the reason)\b|때문|이유는|원인은|[아어해]서\s", re.IGNORECASE
)
_STEP_VERBS = frozenset(WORDS["step_verbs_en"])
_STEP_KO = lazy_regex(r"(?:[는한인린운둔준든친긴]다|세요|해요)[.!]?$")
_FIGURES_AT_END = lazy_regex(r"\s?\([^()]{0,30}\d[^()]{0,30}\)$")
_CAPITALS = lazy_regex(
    r"(?<!\bin )(?<!\bat )(?<!near )\b(?:the|The|our|a"
    r"|A) ((?:[A-Z][\w'’&-]{1,20} ){1,4}[A-Z][\w'’&-]{1,20}(?: 20\d\d)?)"
)
_JOB_LEAD = lazy_regex(
    r"\b((?:senior|junior|lead|chief|head|principal|associate|assistant|full[- ]stack|backend|frontend|수석"
    r"|선임|책임) )$",
    re.I,
)
_HEADCOUNT = lazy_regex(
    r"(\d{1,4})\s?(?:명|인(?!분)|people|persons?|guests?|adults?|pax)|\b(?:party|table|group) (?:of"
    r"|for) (\d{1,3})|(?<!(?-i:[가-힣]))(두|세|네|다섯|여섯) ?명",
    re.IGNORECASE,
)
_MAJOR = lazy_regex(
    r"([가-힣]{2,12}(?:학과|공학|학부))|\b(?:in|of) ([A-Z][a-z]{1,20}(?: [A-Z][a-z]{1,20})?)(?=,| from| at|\.|$)"
    r"|([가-힣]{2,10})(?:을|를)? 전공"
)
_SERVINGS = lazy_regex(
    r"(\d{1,3})\s?(?:인분|servings?|portions?)|\b(?:serves|makes|feeds|for) (\d{1,3})\b(?: people)?", re.IGNORECASE
)
_PERCENT = lazy_regex(r"(?<![\d.])(\d{1,3}(?:\.\d{1,3})?)\s?(?:%|percent|퍼센트|프로(?![가-힣]))")


def found(row: str, text: str, year: str = "", symbol: str | None = None) -> list[Found]:
    """All values of that row in a text.

    ``year``: that of the dates that have none.  ``symbol``: the unit in which measures are wanted; None: their own.
    """
    if row in _DIMENSIONS:
        return _measured(text, _DIMENSIONS[row], symbol)
    if row in _DATED:
        return _DATED[row](text, year)
    return _FINDERS[row](text) if row in _FINDERS else _vocabulary(row, text)


def is_measure(row: str) -> bool:
    """Whether the values of a row are measures, whose unit a key may name."""
    return row in _DIMENSIONS


def _matches(pattern: re.Pattern[str]) -> Finder:
    def find(text: str) -> list[Found]:
        found: list[Found] = []
        for match in pattern.finditer(text):
            written = next(group for group in match.groups() if group)
            numbers = quantities.numbers(f"{written} 명" if written >= "가" else written)
            found += [Found(match.start(), match.group().strip(), numbers[0].value)] if numbers else []
        return found

    return find


def _passages(find: Callable[[str], list[Passage]]) -> Finder:
    return lambda text: [Found(each.start, each.text, each.text) for each in find(text)]


def _sizes(count: Callable[[text_skills.Counts], int]) -> Finder:
    return lambda text: [Found(0, text[:1], count(text_skills.counts(text)))]


def _measured(text: str, dimension: str, symbol: str | None) -> list[Found]:
    found = quantities.measured(text, dimension, symbol)
    ages = {each.start for each in quantities.ages(text)} if dimension == "time" else set()
    return (
        [each for each in found if each.start not in ages and not each.written.endswith(("일", "년"))]
        if dimension == "time"
        else found
    )


def _vocabulary(row: str, text: str) -> list[Found]:
    """Words that are themselves the answer, as they stand in the text; of two that overlap the longer."""
    words = sorted(TABLES["vocabulary"].get(row, ()), key=len, reverse=True)
    taken: list[tuple[int, int]] = []
    for place in occurrences(words, text.lower()):
        if not taken or place[0] >= taken[-1][1]:
            taken.append(place)
        elif place[0] == taken[-1][0] and place[1] > taken[-1][1]:
            taken[-1] = place
    return once(Found(start, text[start:end], text[start:end]) for start, end in taken)


def _systems(text: str) -> list[Found]:
    """Operating systems and devices, with the number of their version."""
    return [_with_version(each, text) for each in _vocabulary("systems", text)]


def _browsers(text: str) -> list[Found]:
    return [_with_version(each, text) for each in _vocabulary("browsers", text)]


def _with_version(each: Found, text: str) -> Found:
    match = re.match(r" (?:Pro |버전 )?\d{1,4}(?:\.\d{1,4}){0,3}(?!\d)", text[each.start + len(each.written) :][:24])
    whole = each.written + (match.group() if match else "")
    return Found(each.start, whole, whole)


def _jobs(text: str) -> list[Found]:
    """Occupations, with "senior" and the like before them; a short line of words is taken whole."""
    found: list[Found] = []
    for each in _vocabulary("jobs", text):
        start, end = text.rfind("\n", 0, each.start) + 1, text.find("\n", each.start)
        line = text[start : end if end >= 0 else len(text)].strip()
        lead = _JOB_LEAD.search(text[max(0, each.start - 12) : each.start])
        if line.istitle() and 1 < len(line.split()) < 5 and line.endswith(each.written):
            found.append(Found(start, line, line))
        else:
            whole = (lead.group(1) if lead else "") + each.written
            found.append(Found(each.start, whole, whole))
    return once(found)


def _stores(text: str) -> list[Found]:
    """The head of a receipt: its first line, if that is short and holds no figures."""
    lines = passages.lined(text)
    head = passages.unmarked(lines[0].text) if len(lines) > 1 else ""
    fits = (
        head
        and len(head) <= entries.LONGEST_TITLE // 2
        and not any(sign.isdigit() for sign in head)
        and head[-1] not in ".!?"
    )
    return [Found(0, head, head)] if fits else names.firms(text) or names.venues(text)


def _title(text: str) -> list[Found]:
    """A heading or a quoted title, else the first line, without a date or figures in brackets at its end."""
    lines = [line.text for line in passages.lined(text)]
    if not lines:
        return []
    title = passages.unmarked(lines[0])
    if len(lines) == 1 or len(title) > entries.LONGEST_TITLE:
        if quoted := extracting.quotes(text):
            return quoted
        sentence = passages.sentences(text)[0].text
        if passages.labels(sentence)[:1] and Name.of(passages.labels(sentence)[0].label).row not in ("title", None):
            return []
        head = re.match(r"([^,:(.!?\d\[]{2,40})(?: ?[(:])", sentence)
        title = _occasion(lines[0]) or (head.group(1) if head else sentence)
        if entries.TAG.match(title) or any(day.start == 0 for day in dates.days(title)):
            title = str(next((each.value for each in entries.heading_of(title).values()), title))
    title = _FIGURES_AT_END.sub("", entries.TAG.sub("", title).strip())
    for day in dates.dates(title)[-1:]:
        title = title[: day.start] if title.endswith(day.written) else title
    title = title.strip(" .:*#,(–-")[: entries.LONGEST_TITLE]
    return [Found(0, title, title)] if title else []


def _occasion(text: str) -> str:
    """What a sentence announces: a phrase in capitals, or what stands before the date of a Korean sentence."""
    phrases = [each for each in _CAPITALS.findall(text) if not names.named_en(each)]
    if phrases:
        return str(max(phrases, key=len))
    day = next(iter(dates.days(text)), None)
    head = text[: day.start].strip() if day is not None else ""
    subject = re.search(r"^([가-힣A-Za-z0-9 ]{2,30})(?:이|가|은|는|을|를)$", head)
    return subject.group(1) if subject else ""


def _key_words(text: str) -> list[Found]:
    if tags := extracting.hashtags(text):
        return tags
    return [Found(0, word, word) for word in text_skills.key_words(text)]


def _summary(text: str) -> list[Found]:
    return [Found(0, sentence, sentence) for sentence in text_skills.key_sentences(text, 1)]


def _reasons(text: str) -> list[Found]:
    return [
        Found(each.start, each.text.strip(), each.text.strip())
        for each in passages.sentences(text)
        if _BECAUSE.search(each.text)
    ]


def _requests(text: str) -> list[Found]:
    found = [Found(each.start, each.text.strip(), each.text.strip()) for each in passages.sentences(text)]
    return [each for each in found if _REQUEST.search(each.written)] or [
        each for each in found if _WISH.search(each.written)
    ]


def _answer(text: str) -> list[Found]:
    """The value of a small sum."""
    try:
        found = arithmetic.find_and_solve(text)
    except arithmetic.NoValue:
        return []
    if found is None:
        return []
    return [Found(0, found[1], quantities.plain(float(found[1].replace(",", ""))))]


def _moments(text: str, year: str) -> list[Found]:
    """Dates with the time of day beside them (RFC 3339 without the offset, which no text tells)."""
    times = [each for each in dates.times(text) if len(str(each.value)) == 5]
    at = f"T{times[0].value}:00" if times else "T00:00:00"
    return [Found(each.start, each.written, f"{each.value}{at}") for each in _whole_dates(text, year)]


def _whole_dates(text: str, year: str) -> list[Found]:
    return [each for each in dates.dates(text, year) if re.fullmatch(r"\d{4}-\d{2}-\d{2}", str(each.value))]


def _steps(text: str) -> list[Found]:
    """Numbered lines, else bulleted ones, else sentences that read like steps."""
    if found := passages.steps(text) or passages.bullets(text):
        return [Found(each.start, each.text, each.text) for each in found]
    told = ((each.start, each.text.rpartition(": ")[2].strip()) for each in passages.sentences(text))
    return [Found(start, step, step) for start, step in told if _is_step(step)]


def _is_step(sentence: str) -> bool:
    return sentence.split(" ", 1)[0].lower() in _STEP_VERBS or _STEP_KO.search(sentence) is not None


def _item_names(text: str) -> list[Found]:
    """Names of things: those with a number, else an enumeration, else the lines with a bullet."""
    found = [Found(item.start, item.name, item.name) for item in quantities.items(text)]
    return once(found) or entries.enumerated_anywhere(text)


def _product(text: str) -> list[Found]:
    """The thing that a text is about: quoted, or with its number, or what the text begins with."""
    found = extracting.quotes(text) or [Found(item.start, item.name, item.name) for item in quantities.items(text)]
    if found:
        return found
    lines = passages.lined(text)
    head = passages.unmarked(re.split(r"[,(–:]| - |(?<=[가-힣])(?:은|는|이|가)\s", lines[0].text)[0]) if lines else ""
    head = re.sub(r"\s(?:review|리뷰|후기|사용기)$", "", head, flags=re.IGNORECASE)
    named = (
        head
        and not re.search(r"[.!?]", head)
        and len(head.split()) <= 6
        and (len(lines) > 1 or len(head) < len(lines[0].text))
    )
    return [Found(0, head, head)] if named and (head[0].isupper() or head[0] >= "가") else []


def _quantities(text: str) -> list[Found]:
    items = [item for item in quantities.items(text) if item.quantity is not None]
    found = [Found(item.start, str(item.quantity), item.quantity) for item in items if item.quantity is not None]
    return found or quantities.numbers(text)


def _units(text: str) -> list[Found]:
    return [Found(item.start, item.unit, item.unit) for item in quantities.items(text) if item.unit]


def _majors(text: str) -> list[Found]:
    return extracting.of_pattern(_MAJOR, text)


_FINDERS: dict[str, Finder] = {
    "emails": extracting.emails,
    "phones": extracting.phones,
    "urls": extracting.urls,
    "versions": extracting.versions,
    "codes": extracting.codes,
    "ages": quantities.ages,
    "ratings": quantities.ratings,
    "currencies": quantities.currencies,
    "amounts": quantities.amounts,
    "quantities": _quantities,
    "units": _units,
    "headcounts": _matches(_HEADCOUNT),
    "servings": _matches(_SERVINGS),
    "percentages": _matches(_PERCENT),
    "periods": dates.periods,
    "times": dates.times,
    "years": dates.years,
    "jobs": _jobs,
    "stores": _stores,
    "systems": _systems,
    "browsers": _browsers,
    "schools": names.schools,
    "majors": _majors,
    "firms": names.firms,
    "addresses": names.addresses,
    "countries": names.countries,
    "cities": names.cities,
    "venues": names.venues,
    "places": lambda text: names.places(text) or names.plain_places(text),
    "people": names.names,
    "persons": names.people,
    "characters": names.characters,
    "sentiment": lambda text: [Found(0, word, word) for word in (judging.sentiment_in(text),)],
    "pros": _passages(lambda text: judging.leaning(text, "positive")),
    "cons": _passages(lambda text: judging.leaning(text, "negative")),
    "language": lambda text: [Found(0, code, code) for code in (language_of(text),)],
    "summary": _summary,
    "descriptions": _summary,
    "reasons": _reasons,
    "key_words": _key_words,
    "flights": lambda text: extracting.of_pattern(_FLIGHT, text),
    "requests": _requests,
    "title": _title,
    "steps": _steps,
    "items": _product,
    "ingredients": _item_names,
    "tasks": lambda text: [
        Found(0, task, task) for task in (str(known["tasks"].value) for _, known in entries.by_task(text))
    ],
    "answers": _answer,
    "words": _sizes(lambda counts: counts.words),
    "sentences": _sizes(lambda counts: counts.sentences),
    "numbers": quantities.numbers,
}
_DATED: dict[str, Callable[[str, str], list[Found]]] = {"days": dates.days, "dates": _whole_dates, "moments": _moments}
