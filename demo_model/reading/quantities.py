"""Numbers in a text and what they are numbers of: money, ages, ratings, measures, quantities of things."""

import re
from dataclasses import dataclass

from demo_model.lazy_regex import lazy_regex
from demo_model.reading import dates, extracting
from demo_model.reading.extracting import Found, once
from demo_model.skills.units import NAMES, SYMBOLS, Measure, converted, measures
from demo_model.skills.words import WORDS, any_of

_NUMERALS = WORDS["numerals"]
_NATIVE = {
    f"{ten}{name}": 10 * tens + ones
    for tens, ten in enumerate(_NUMERALS["tens_ko"])
    for ones, names in enumerate(_NUMERALS["ones_ko"])
    for name in (names if ones else ("",))
    if tens or ones
} | {"스무": 20}
"""Korean numerals as they stand before a counter."""

_ENGLISH: dict[str, int | float] = {
    **{name: number for number, name in enumerate(_NUMERALS["ones_en"], start=1)},
    **{"a": 1, "an": 1, "half a": 0.5, "a dozen": 12, "twenty": 20, "thirty": 30},
}
_PARTS_APART = 2
"""Characters between the parts of one measure."""

_KOREAN_POWERS = {"십": 10, "백": 100, "천": 1000, "만": 10_000, "억": 100_000_000, "조": 1_000_000_000_000}
_ENGLISH_POWERS = {"k": 1000, "thousand": 1000, "m": 1_000_000, "million": 1_000_000, "billion": 1_000_000_000}
_COUNTER = any_of(WORDS["counters_ko"])
_TEN = any_of([ten for ten in _NUMERALS["tens_ko"] if ten])
_ONE = any_of([name for names in _NUMERALS["ones_ko"] for name in names])
_NATIVE_NAME = rf"(?:(?:{_TEN})?(?:{_ONE})|스무|{_TEN})"
_ENGLISH_NAME = any_of([name for name in _ENGLISH if name not in ("a", "an", "a dozen", "half a")])

_DIGITS = r"\d[\d,]{0,20}(?:\.\d{1,4})?"
_KOREAN_NUMBER = rf"(?:{_DIGITS} ?[십백천]?[만억조천백] ?){{1,4}}(?:{_DIGITS})?"
_CURRENCIES = {
    "KRW": ("₩", "원", "won", "krw"),
    "USD": ("$", "달러", "불", "dollars", "dollar", "usd", "bucks"),
    "EUR": ("€", "유로", "euros", "euro", "eur"),
    "GBP": ("£", "파운드", "gbp"),
    "JPY": ("¥", "엔", "yen", "jpy"),
    "CNY": ("위안", "yuan", "cny", "rmb"),
}
_CODE_OF = {name: code for code, names in _CURRENCIES.items() for name in names}
_CURRENCY = any_of([name for name in _CODE_OF if name.isalnum()])
_AMOUNT = lazy_regex(
    rf"(?<![\d.,])(?:(?P<sign>US\$|[$€£₩¥]) ?(?P<n1>{_DIGITS})(?: ?(?P<power1>k|m|million|billion|thousand))?(?![\d\w])"
    rf"|(?P<n2>{_KOREAN_NUMBER}|{_DIGITS})(?: (?P<power2>million|billion|thousand))? ?(?P<name>{_CURRENCY})(?![a-z])"
    rf"|(?P<code>USD|KRW|EUR|GBP|JPY) (?P<n3>{_DIGITS})(?!\w))",
    re.IGNORECASE,
)
_PART = lazy_regex(rf"({_DIGITS}) ?([십백천])?([만억조천백])?")
_AGE = lazy_regex(
    rf"(?<![\d가-힣])(\d{{1,3}}) ?(?:살|세(?![가-힣]{{2}}|기|트))|(?<!\d)(\d{{1,3}})[- ]years?[- ]old"
    rf"|\baged? (\d{{1,3}})(?!\d)"
    rf"|(?<![가-힣])({_NATIVE_NAME}) ?살|(?<=[A-Za-z가-힣])(?:,| ?\() ?(\d{{1,2}})(?=[),])|나이 ?[:는은]? ?(\d{{1,3}})"
    r"|\bturn(?:ed|s|ing)? (\d{1,3})(?!\d)|\b(?:I['’]m|I am|[Hh]e is|[Ss]he is|[a-z] is) (\d{1,3})(?=[,.;]|$| and\b)"
)
_RATING = lazy_regex(
    rf"(?<![\d/.])(?P<n1>\d{{1,2}}(?:\.\d)?) ?/ ?(?:5|10|100)(?![\d/])"
    rf"|(?<![\d.])(?P<n2>\d{{1,3}}(?:\.\d)?) out of \d{{1,3}}"
    rf"|만점에 ?(?P<n3>\d{{1,3}}(?:\.\d)?) ?점|(?<![\d.])(?P<n4>\d(?:\.\d)?|{_ENGLISH_NAME})[- ]stars?\b"
    rf"|(?:별|별점|평점)[은:]? ?(?P<n5>\d(?:\.\d)?|{_NATIVE_NAME}) ?(?:개|점)?(?P<half> ?반)?(?![\d가-힣])"
    r"|(?P<stars>[★⭐]{1,10})(?P<left>☆{0,5})|(?<![\d.])(?P<n6>\d{1,3}(?:\.\d)?) ?점(?!\s?만점)(?!(?-i:[가-힣])*심)",
    re.IGNORECASE,
)
_NUMBER = lazy_regex(rf"(?<![\w.])[-−]?{_DIGITS}(?!\.?\d)(?: ?(?P<power>만|천|백만|억)(?![가-힣]{{2}}))?")
_NAMED_NUMBER = lazy_regex(
    rf"(?<!(?-i:[가-힣]))(?P<ko>{_NATIVE_NAME}) ?(?:{_COUNTER})(?!(?-i:[가-힣]){{2}})"
    rf"|\b(?P<en>{_ENGLISH_NAME})(?= [a-z])",
    re.IGNORECASE,
)


def plain(value: float) -> int | float:
    """A whole number as an integer."""
    return int(value) if value == int(value) else value


def _digits(text: str) -> float:
    return float(text.replace(",", "").replace("−", "-") or 0)


def _number(text: str) -> float:
    """Digits with Korean powers: "3만 5천" is 35,000, "1억 2,000만" is 120,000,000."""
    total = 0.0
    for digits, small, large in _PART.findall(text):
        total += _digits(digits) * _KOREAN_POWERS.get(small, 1) * _KOREAN_POWERS.get(large, 1)
    return total


def amounts(text: str) -> list[Found]:
    """Sums of money, without their currency; the same sum may come more than once."""
    found: list[Found] = []
    for match in _AMOUNT.finditer(text):
        power = _ENGLISH_POWERS.get((match["power1"] or match["power2"] or "").lower(), 1)
        value = _number(match["n1"] or match["n2"] or match["n3"]) * power
        found.append(Found(match.start(), match.group().strip(), plain(round(value, 4))))
    return found


def currencies(text: str) -> list[Found]:
    """The currencies of the sums of money, as ISO 4217 codes."""
    found: list[Found] = []
    for match in _AMOUNT.finditer(text):
        name = (match["sign"] or match["name"] or match["code"]).lower().removeprefix("us")
        code = _CODE_OF.get(name) or (match["sign"] or match["name"] or match["code"]).upper()
        found.append(Found(match.start(), match["sign"] or match["name"] or code, code))
    return once(found)


def ages(text: str) -> list[Found]:
    """Ages in years."""
    found: list[Found] = []
    for match in _AGE.finditer(text):
        written = next(group for group in match.groups() if group)
        found.append(Found(match.start(), written, _NATIVE.get(written) or int(written)))
    return found


def ratings(text: str) -> list[Found]:
    """Ratings, by themselves: "4/5" and "★★★★☆" are 4."""
    found: list[Found] = []
    for match in _RATING.finditer(text):
        if match["stars"]:
            value: float = len(match["stars"])
        else:
            name = next(filter(None, (match[f"n{number}"] for number in range(1, 7)))).lower()
            value = _NATIVE.get(name) or _ENGLISH.get(name) or float(name)
            value += 0.5 if match["half"] else 0
        found.append(Found(match.start(), match.group().strip(), plain(value)))
    return found


def numbers(text: str) -> list[Found]:
    """Numbers that are no part of a date, a time, a phone number or an address; "two" and "세 개" as well."""
    text = dates.without_dates(extracting.without_addresses(text))
    found = []
    for match in _NUMBER.finditer(text):
        power = {"백만": 1_000_000}.get(match["power"] or "") or _KOREAN_POWERS.get(match["power"] or "", 1)
        digits = match.group().removesuffix(match["power"] or "").strip()
        found.append(Found(match.start(), match.group(), plain(round(_digits(digits) * power, 10))))
    for match in _NAMED_NUMBER.finditer(text):
        name = (match["ko"] or match["en"]).lower()
        found.append(Found(match.start(), match.group(), plain(_NATIVE.get(name) or _ENGLISH[name])))
    return sorted(found, key=lambda each: each.start)


def measured(text: str, dimension: str, symbol: str | None = None) -> list[Found]:
    """Measures of one dimension, in the unit of that symbol; without one in their own. "1h 30min" is one measure."""
    text = dates.without_dates(text) if dimension != "time" else text
    runs: list[list[Measure]] = []
    for each in measures(text):
        if each.unit.dimension != dimension:
            continue
        last = runs[-1][-1] if runs else None
        if last is not None and each.start - last.end <= _PARTS_APART and each.unit.factor < last.unit.factor:
            runs[-1].append(each)
        else:
            runs.append([each])
    return [_sum_of(run, text, symbol) for run in runs]


def _sum_of(run: list[Measure], text: str, symbol: str | None) -> Found:
    """One measure of several parts; without a unit that is wanted, in that of its last part."""
    unit = SYMBOLS[symbol] if symbol else run[-1].unit
    value = sum(converted(each.value, each.unit, unit) for each in run)
    return Found(run[0].start, text[run[0].start : run[-1].end].strip(), plain(round(float(value), 4)))


# --- things with their quantity and price -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Item:
    """One entry of a list of things. ``name``: without its numbers. The rest is None where it is not told."""

    start: int
    written: str
    name: str
    quantity: int | float | None = None
    unit: str | None = None
    price: Found | None = None


_UNITS_EN = (
    "cups? of|cups?|tbsp|tsp|tablespoons?(?: of)?|teaspoons?(?: of)?|kg|g|ml|l|lbs?|oz|pounds? of|ounces? of|"
    "grams? of|pieces? of|pieces?|slices? of|bottles? of|boxes of|box of|packs? of|cans? of|bags? of|pairs? of|"
    "cloves? of|cloves?|pinch of|loaf of|loaves of|dozen|sets? of|copies of|units? of"
)
_QUANTITY = lazy_regex(
    rf"(?P<n1>{_DIGITS}(?:/\d)?|(?<!(?-i:[가-힣]))(?:{_NATIVE_NAME})) ?(?P<u1>{_COUNTER})(?![a-z])(?:씩|짜리)?(?:을"
    rf"|를|이|가|와|과|은|는|의|로|만)?(?!(?-i:[가-힣]){{2}})"
    rf"|\b(?P<n2>{_DIGITS}(?:/\d)?|{_ENGLISH_NAME}|a dozen|half a|an?) ?(?P<u2>{_UNITS_EN})(?= |$|[,.)])"
    rf"|(?<![\w.])[x×*] ?(?P<n3>\d{{1,4}})(?!\w)|(?<![\w.])(?P<n4>\d{{1,4}}) ?[x×*](?= )"
    rf"|\bqty\.?:? ?(?P<n5>\d{{1,4}})|수량 ?:? ?(?P<n6>\d{{1,4}})"
    rf"|(?<![\w.,$€£₩¥#])(?P<n7>\d{{1,4}}(?:/\d|\.\d)?)(?![\w.,:%/-]*\d)(?= |$|[,)])"
    rf"|(?:^|(?<=\s))(?P<n8>{_ENGLISH_NAME}|an?|a dozen|half a)(?= [a-z])",
    re.IGNORECASE,
)
_BULLET = lazy_regex(r"^\s{0,12}(?:[-*•·▪◦+]|\(?\d{1,2}[.)]|\[[ xX]?\])\s{1,4}")
_PRICE_ALONE = lazy_regex(r"(?<![\w.,/:-])(\d{1,3}(?:,\d{3})+|\d{1,6}\.\d{2}|\d{3,7})(?![\w.,/:%-])")
_TOTALS = lazy_regex(
    r"^\W{0,3}(?:serves|makes|feeds|takes)\b|"
    r"합계|총액|총 ?금액|총합|소계|부가세|과세|면세|세액|결제|거스름|받은 ?금액|할인|배송비|배달비|봉사료|카드"
    r"|현금|승인|"
    r"\b(?:sub-?total|total|tax|vat|tip|gratuity|discount|change|cash|card|visa|paid|balance|due|shipping|delivery fee|"
    r"service charge|amount)\b",
    re.IGNORECASE,
)
_NO_QUANTITIES = ("data", "length", "speed", "time", "temperature")
_FILLERS = lazy_regex(
    r"\b(?:of|at|for|each|per|the|some|ea|@|and|is|are|was|were|costs?|price)\b|각각|각|개당|[@:=|()\[\]•·]|\.{2,}|-{2,}|(?<=\s)-(?=\s|$)"
    r"|(?:^|(?<=\s))(?:에|씩|그리고|또)(?=\s|$)",
    re.IGNORECASE,
)
_LEADS_KO = lazy_regex(r"(?:은|는|에서|에게|한테|으로|께|하고|해서|려고|고|서|요|다|면|며|을|를|오늘|어제|내일)$")
_TAKERS = lazy_regex(
    r"^(?:.{0,40}?\b(?:ordered|order|bought|buy|need|needs|get|want|would like|like|sold|sell|have|has|had|add"
    r"|use|with|"
    r"ate|picked up|ship|send|including|include|contains?|packed|brought)\b(?: (?:me|us|you))?)\s",
    re.IGNORECASE,
)
_STOPS_EN = lazy_regex(
    r"\s(?:for|from|at|to|by|on|in|with|please|today|yesterday|tomorrow|were|was|is|are|that|which|because|so|but|"
    r"cost|costs|costing)\b.*$",
    re.IGNORECASE | re.DOTALL,
)
_SPLIT = lazy_regex(
    r"[;\n]|(?<=[.!?])\s|,(?!\d{3}(?!\d))\s*(?:and\s|그리고\s)?|\s(?:and|plus|그리고|및)\s|(?<=[가-힣]{2})(?:와|과|하고|이랑|랑)\s"
    r"|(?<=[\d\s][가-힣])(?:와|하고|이랑|랑)\s"
)


def items(text: str) -> list[Item]:
    """Things with a quantity or a price: a line each, if several lines have one; else a piece of a sentence each."""
    text = text[: extracting.LONGEST]
    lines = _pieces(text, lazy_regex(r"\n"))
    numbered = [(start, line) for start, line in lines if _BULLET.match(line) or any(sign.isdigit() for sign in line)]
    if len(numbered) > 1:
        found = [item for start, line in numbered if (item := _item(start, line, whole_line=True)) is not None]
        if len(found) > 1:
            return found
    pieces = _pieces(text, _SPLIT)
    return [item for start, piece in pieces if (item := _item(start, piece, whole_line=False)) is not None]


def _pieces(text: str, split: re.Pattern[str]) -> list[tuple[int, str]]:
    pieces: list[tuple[int, str]] = []
    start = 0
    for match in split.finditer(text):
        pieces.append((start, text[start : match.start()]))
        start = match.end()
    pieces.append((start, text[start:]))
    return [(start, piece) for start, piece in pieces if piece.strip()][:1000]


def _item(start: int, piece: str, *, whole_line: bool) -> Item | None:
    """One thing; None if the piece is no such entry: it has no number, or is a total."""
    if len(piece) > 200 or _TOTALS.search(piece):
        return None
    bullet = _BULLET.match(piece)
    rest = dates.without_dates(extracting.without_codes(extracting.without_addresses(piece)))
    rest = _RATING.sub(" ", _without_sizes(rest))
    rest = _BULLET.sub("", rest) if whole_line else rest.rpartition(":")[2].strip(" .")
    price, rest, place = _price(rest)
    quantity = _QUANTITY.search(rest)
    if quantity is None and price is None and not (bullet and whole_line):
        return None
    number, unit = None, None
    if quantity is None:
        place = place if price else len(rest)
        before, after = rest[:place], rest[place:]
    else:
        group = next(number for number in range(1, 9) if quantity[f"n{number}"])
        number = _quantity(quantity[f"n{group}"])
        unit = (quantity["u1"] or quantity["u2"] or "").removesuffix(" of") or None
        before, after = rest[: quantity.start()], rest[quantity.end() :]
    name = f"{before} {after}" if whole_line else _beside(before, after)
    name = " ".join(_FILLERS.sub(" ", _QUANTITY.sub(" ", name) if whole_line else name).split()).strip(" .,-–~")
    if not re.search(r"[^\W\d_]", name) or len(name) > 60 or name.lower() in NAMES:
        return None
    return Item(start, piece.strip(), name, number, unit, price)


def _without_sizes(text: str) -> str:
    """The text with blanks in the place of sizes that are no quantities of a thing: "16 GB", "13-inch", "2 hours"."""
    for each in list(measures(text)):
        if each.unit.dimension in _NO_QUANTITIES and each.unit.symbol != "m":
            text = text[: each.start] + " " * (each.end - each.start) + text[each.end :]
    return text


def _price(text: str) -> tuple[Found | None, str, int]:
    """The last sum of money, or the last number that looks like one; the text without prices; where the first stood."""
    found = amounts(text)
    if not found:
        alone = list(_PRICE_ALONE.finditer(text))[-1:]
        found = [Found(each.start(), each.group(), plain(_digits(each.group()))) for each in alone]
        if found and _QUANTITY.match(text[found[0].start :]) and not re.search(r"[.,]", found[0].written):
            unit = _QUANTITY.match(text[found[0].start :])
            found = [] if unit and (unit["u1"] or unit["u2"]) else found
    for each in reversed(found):
        text = f"{text[: each.start]} {text[each.start + len(each.written) :]}"
    return (found[-1] if found else None), text, found[0].start if found else 0


def _quantity(written: str) -> int | float:
    name = written.lower()
    if name in _NATIVE:
        return _NATIVE[name]
    if name in _ENGLISH:
        return _ENGLISH[name]
    top, _, bottom = name.partition("/")
    return plain(round(_digits(top) / (float(bottom or 1) or 1), 4))


def _beside(before: str, after: str) -> str:
    """The name in a sentence: Korean names stand before the number, English ones after it."""
    if re.search(r"[가-힣]\s{0,3}$", before):
        words = before.split()
        name: list[str] = []
        for word in reversed(words[-4:]):
            if name and _LEADS_KO.search(word):
                break
            name.insert(0, word)
        return re.sub(r"(?<=[가-힣])(?:을|를)$", "", " ".join(name))
    name_after = _STOPS_EN.sub("", f" {after}").strip()
    return name_after or _TAKERS.sub("", before)
