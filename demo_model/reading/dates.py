"""Dates and times in a text: as ISO 8601 where they are whole, as they were written where they are not."""

import re

from demo_model.lazy_regex import lazy_regex
from demo_model.reading.extracting import Found, once

_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "january jan", "february feb", "march mar", "april apr", "may", "june jun", "july jul", "august aug",
            "september sept sep", "october oct", "november nov", "december dec",
        ),
        start=1,
    )
    for name in names.split()
}  # fmt: skip
_MONTH = "|".join(sorted(_MONTHS, key=len, reverse=True))
_DATE = lazy_regex(
    r"(?<![\d.])(?P<y1>(?:19|20)\d{2})(?:[-./] ?|년 ?)(?P<m1>\d{1,2})(?:[-./] ?|월 ?)(?P<d1>\d{1,2})일?(?!\d)"
    r"|(?<![\d.])(?P<d2>\d{1,2})\.(?P<m2>\d{1,2})\.(?P<y2>(?:19|20)\d{2})(?!\d)"
    r"|(?<![\d./])(?P<m3>\d{1,2})/(?P<d3>\d{1,2})/(?P<y3>(?:19|20)\d{2})(?!\d)"
    r"|(?<!\d)(?P<m4>\d{1,2})월 ?(?P<d4>\d{1,2})일"
    rf"|\b(?P<n5>{_MONTH})\b\.? {{1,2}}(?P<d5>\d{{1,2}})(?:st|nd|rd|th)?(?![\d:])(?:,? {{1,2}}(?P<y5>(?:19"
    rf"|20)\d{{2}})(?!\d))?"
    rf"|(?<![\d.:])(?P<d6>\d{{1,2}})(?:st|nd|rd|th)? {{1,2}}(?:of )?(?P<n6>{_MONTH})\b\.?(?:,? {{1,2}}(?P<y6>"
    rf"(?:19|20)\d{{2}})(?!\d))?",
    re.IGNORECASE,
)
# Days that are no dates, but an answer to "when".
_LOOSE = lazy_regex(
    r"\b(?:(?:next|this|coming) )?(?:mon|tues|wednes|thurs|fri|satur|sun)day\b(?: (?:morning|afternoon|evening))?"
    r"|\b(?:mon|tue|wed|thu|fri|sat|sun)\b(?=\.?,? ?\d)|\b(?:today|tomorrow|tonight|yesterday|next (?:week"
    r"|month|quarter|year)|the end of (?:the )?(?:week|month|year))\b"
    r"|(?:(?:다음|이번|지난)\s?(?:주|달)\s?)?(?<!(?-i:[가-힣]))[월화수목금토일]요일"
    r"|(?<!(?-i:[가-힣]))(?:다음|이번)\s?(?:주|달)(?: ?말)?(?=까지|에|\W|$)|(?<!(?-i:[가-힣]))(?:오늘|내일|모레|어제"
    r"|이번 주말|월말|연말|주말)(?=까지|에|은|\W|$)",
    re.IGNORECASE,
)
_TIME = lazy_regex(
    r"(?<![\d.:])(?P<h1>[01]?\d|2[0-4]):(?P<m1>[0-5]\d)(?::[0-5]\d)?(?: ?(?P<p1>[ap])\.?m\b\.?)?(?![\d:])"
    r"|(?<![\d.:])(?P<h5>1[0-2]|0?\d)(?= ?(?:-|–|to) ?(?:1[0-2]|0?\d)(?::\d\d)? ?(?P<p5>[ap])\.?m\b)"
    r"|(?<![\d.:])(?P<h2>1[0-2]|0?\d) ?(?P<p2>[ap])\.?m\b\.?"
    r"|(?P<p3>오전|오후|아침|저녁|밤|새벽|낮)?\s?(?<![\d가-힣])(?P<h3>\d{1,2})시(?!간|즌|점)(?:\s?(?P<m3>\d{1,2})분|\s?(?P<half>반))?"
    r"|(?P<p4>오전|오후|아침|저녁|밤|새벽|낮)\s?(?P<h4>\d{1,2})시(?!간)(?:\s?(?P<m4>\d{1,2})분|\s?(?P<half4>반))?"
    r"|\b(?P<word>noon|midnight)\b|(?P<word_ko>정오|자정)",
    re.IGNORECASE,
)
_AFTERNOON = ("p", "오후", "저녁", "밤", "낮")
_MORNING = ("a", "오전", "아침", "새벽")
_SPAN = lazy_regex(r"\s?(?:부터|에서|~|-|–|to)\s?")
_LONGEST_SPAN = 5
"""Characters between the two times of a span."""

_EARLIEST_PLAIN_HOUR = 7
"""From here on an hour without "오전" or "오후" is taken as it stands: "10시" is 10:00, "3시" could be both."""

_YEAR = lazy_regex(r"(?<![\d.,])((?:1[5-9]|20)\d{2})(?=년|\b)(?![.,]\d)")
_YEAR_SPAN = lazy_regex(
    r"(?<!\d)((?:19|20)\d{2}(?:[./]\d{1,2}|년(?: \d{1,2}월)?)? ?[-–~] ?"
    r"(?:(?:19|20)\d{2}(?:[./]\d{1,2}|년)?|present|now|현재))",
    re.IGNORECASE,
)


def dates(text: str, year: str = "") -> list[Found]:
    """Dates. One without a year takes that of a date before it, or the one given; else it stays as it was written."""
    found: list[Found] = []
    for match in _DATE.finditer(text):
        part = match.groupdict()
        year = next((part[name] for name in ("y1", "y2", "y3", "y5", "y6") if part.get(name)), year)
        word = part["n5"] or part["n6"]
        month = _MONTHS[word.lower()] if word else int(next(filter(None, (part[f"m{n}"] for n in range(1, 5)))))
        day = int(next(filter(None, (part[f"d{n}"] for n in range(1, 7)))))
        if 1 <= month <= 12 and 1 <= day <= 31:
            iso = f"{year}-{month:02}-{day:02}" if year else match.group()
            found.append(Found(match.start(), match.group(), iso))
    return once(found)


def days(text: str, year: str = "") -> list[Found]:
    """Dates, and where there are none what answers "when" as well: a weekday, "tomorrow", "다음 주"."""
    loose = [Found(match.start(), match.group().strip(), match.group().strip()) for match in _LOOSE.finditer(text)]
    return dates(text, year) or once(loose)


def times(text: str) -> list[Found]:
    """Times of day as HH:MM; an hour that could be of the morning or the afternoon stays as it was written."""
    found: list[Found] = []
    last_end, last_hour = 0, 0
    for match in _TIME.finditer(text):
        part = match.groupdict()
        written = match.group().strip()
        start = match.end() - len(match.group().lstrip())
        if word := part["word"] or part["word_ko"]:
            hour, minute, certain = (12 if word.lower() in ("noon", "정오") else 0), 0, True
        else:
            hour = int(next(filter(None, (part[f"h{n}"] for n in range(1, 6)))))
            minute = int(part["m1"] or part["m3"] or part["m4"] or (30 if part["half"] or part["half4"] else 0))
            period = next(filter(None, (part[f"p{n}"] for n in range(1, 6))), "").lower()
            hour = _of_day(hour, period)
            in_span = _SPAN.fullmatch(text[last_end:start][: _LONGEST_SPAN + 1]) is not None
            if not period and in_span and hour + 12 > last_hour >= 12 and hour < 12:
                hour, period = hour + 12, "p"  # "오후 7시부터 9시까지"
            certain = bool(period or part["h1"] or in_span or hour >= _EARLIEST_PLAIN_HOUR)
        if hour <= 24 and minute <= 59:
            found.append(Found(start, written, f"{hour % 24:02}:{minute:02}" if certain else written))
            last_end, last_hour = match.end(), hour
    return once(found)


def _of_day(hour: int, period: str) -> int:
    """The hour of a clock with twelve hours as one of twenty-four."""
    if period in _AFTERNOON and hour < 12 and not (period == "밤" and hour < 6):
        return hour + 12
    return 0 if period in _MORNING and hour == 12 else hour


def years(text: str) -> list[Found]:
    """Years, from 1500 to 2099."""
    return once(Found(match.start(), match.group(1), int(match.group(1))) for match in _YEAR.finditer(text))


def periods(text: str) -> list[Found]:
    """Spans of years: "2019-2023", "2021 - present", "2020년 ~ 현재"."""
    return once(Found(match.start(), match.group(1), match.group(1)) for match in _YEAR_SPAN.finditer(text))


def without_dates(text: str) -> str:
    """The text with blanks in the place of dates and times: their digits are no numbers."""
    for pattern in (_DATE, _YEAR_SPAN, _TIME):
        text = pattern.sub(lambda match: " " * len(match.group()), text)
    return text
