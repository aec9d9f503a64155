"""Small conversions: finds in a question what is to be converted and to what, and works it out in decimals.

Units of measure, number bases, Roman numerals, upper and lower case. Currencies are not converted: rates change.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from demo_model.lazy_regex import lazy_regex
from demo_model.skills import text_skills
from demo_model.skills.units import NAMES, NUMBER, PARTNERS, SYMBOLS, Measure, Unit, converted, measures, rounded
from demo_model.skills.words import any_of

_LONGEST = 300
"""Characters of a question; a longer one is not about a conversion."""


@dataclass(frozen=True, slots=True)
class Conversion:
    """What was asked and what it is, in the units as they were written.

    ``reason``: why there is no result. "currency": exchange rates change, and no server is asked.
    """

    asked: str
    result: str = ""
    reason: Literal["currency"] | None = None


def find_and_convert(question: str) -> Conversion | None:
    """The conversion that a question of either language asks for; None if it asks for none."""
    if len(question) > _LONGEST:
        return None
    ways: tuple[Callable[[str], Conversion | None], ...] = (_case, _base, _currency, _measure)
    return next((found for way in ways if (found := way(question)) is not None), None)


# --- upper and lower case --------------------------------------------------------------------------------------------

_CASES: dict[str, Callable[[str], str]] = {"upper": str.upper, "lower": str.lower, "title": str.title}
_CASE_NAME = r"(?:all )?(?P<case>upper|lower|title)[- ]?case|(?:all )?(?P<caps>caps|capitals|capital letters)"
_CASE_ASKS = (
    lazy_regex(rf"^[^:：\n]{{0,40}}?(?:{_CASE_NAME})\s{{0,2}}[:：]\s{{0,2}}(?P<text>\S.{{0,250}})$", re.IGNORECASE),
    lazy_regex(
        r"\b(?:convert|change|turn|make|put)\s{1,3}(?:the (?:text|word) )?"
        r"(?!(?:an?|my|some|it|this|each|all)\b)(?P<text>\S.{0,250}?)"
        rf"\s{{1,3}}(?:(?:in)?to |in )?(?:{_CASE_NAME})",
        re.IGNORECASE,
    ),
    lazy_regex(r"^\W{0,3}(?P<ko>대문자|소문자)로?[^:：\n]{0,20}[:：]\s{0,2}(?P<text>\S.{0,250})$"),
    lazy_regex(r"(?P<text>\S.{0,250}?)\s{0,2}(?:을|를|은|는)?\s{0,2}(?P<ko>대문자|소문자)로"),
)


def _case(question: str) -> Conversion | None:
    for pattern in _CASE_ASKS:
        if found := pattern.search(question.strip()):
            named = found.groupdict()
            korean = {"대문자": "upper", "소문자": "lower"}.get(named.get("ko") or "")
            way = _CASES[korean or (named.get("case") or "upper").lower()]
            text = _meant(question, found["text"])
            if re.search(r"[^\W\d_]", text):
                return Conversion(text, way(text))
    return None


def _meant(question: str, text: str) -> str:
    """The quoted text, or what follows a colon ("convert this to upper case: abc"), or the text that was found."""
    if (quoted := text_skills.quoted(question)) is not None:
        return quoted
    head, colon, tail = question.partition(":")
    return tail.strip() if colon and tail.strip() and not head.endswith(text) else text.strip(" \"'“”‘’.")


# --- number bases ----------------------------------------------------------------------------------------------------

_BASES: dict[str, int] = {
    **dict.fromkeys(("hexadecimal", "hex", "16진수", "16진법", "십육진수", "base 16"), 16),
    **dict.fromkeys(("binary", "2진수", "2진법", "이진수", "base 2"), 2),
    **dict.fromkeys(("octal", "8진수", "8진법", "팔진수", "base 8"), 8),
    **dict.fromkeys(("decimal", "10진수", "10진법", "십진수", "base 10", "arabic numerals", "아라비아 숫자"), 10),
    **dict.fromkeys(("roman numerals", "roman numeral", "roman", "로마 숫자", "로마숫자"), 0),
}
"""By name; 0 stands for Roman numerals."""

_BASE_NAME = lazy_regex(
    rf"(?P<to>\b(?:to|in|into|as)\s{{1,3}}(?:an? )?)?(?P<name>{any_of(list(_BASES))})(?![a-z])"
    r"(?P<of>\s(?:value )?of\b)?(?:\s(?:number|digits|form|notation)|\s?표기법?)?(?P<to_ko>으?로|론|로는)?",
    re.IGNORECASE,
)
_FIGURES = lazy_regex(
    r"(?<![\w.])(?:0[xX][0-9a-fA-F]{1,30}|0[bB][01]{1,100}|0[oO][0-7]{1,40}|[0-9a-zA-Z]{1,100})(?![.\d])"
)
_PREFIXES = {"0x": 16, "0b": 2, "0o": 8}
_ROMAN = lazy_regex(r"M{0,3}(?:CM|CD|D?C{0,3})(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3})", re.IGNORECASE)
_ROMAN_SIGNS = (
    (1000, "M"), (900, "CM"), (500, "D"), (400, "CD"), (100, "C"), (90, "XC"), (50, "L"), (40, "XL"), (10, "X"),
    (9, "IX"), (5, "V"), (4, "IV"), (1, "I"),
)  # fmt: skip
_LARGEST_ROMAN = 3999


def _base(question: str) -> Conversion | None:
    names = list(_BASE_NAME.finditer(question))
    if not names or len(names) > 3:
        return None
    target = next((each for each in names if each["to"] or each["of"] or each["to_ko"]), None)
    source = next((each for each in names if each is not target), None)
    wanted = _BASES[target["name"].lower()] if target else 10
    if target is None and (source is None or _BASES[source["name"].lower()] == 10):
        return None
    given = _BASES[source["name"].lower()] if source else None
    rest = _BASE_NAME.sub(lambda found: " " * len(found.group()), re.sub(r"(?<=\d),(?=\d{3})", "", question))
    for figures in _FIGURES.findall(rest):
        value = _value(figures, given, wanted)
        if value is not None and (shown := _in_base(value, wanted)) is not None:
            return Conversion(figures, shown)
    return None


def _value(figures: str, base: int | None, wanted: int) -> int | None:
    """What the figures stand for in this base; without one, as their own form tells."""
    prefix = _PREFIXES.get(figures[:2].lower())
    if base is None:
        roman = figures.isupper() and _ROMAN.fullmatch(figures) and wanted == 10
        hexadecimal = figures.isupper() or any(sign.isdigit() for sign in figures)
        base = prefix or (10 if figures.isdigit() else 0 if roman else 16 if hexadecimal and wanted == 10 else 10)
    if base == 0:
        return _from_roman(figures)
    try:
        return int(figures, base)
    except ValueError:
        return None


def _in_base(value: int, base: int) -> str | None:
    match base:
        case 0:
            return _to_roman(value) if 0 < value <= _LARGEST_ROMAN else None
        case 10:
            return str(value)
    return (
        f"0{'x' if base == 16 else 'b' if base == 2 else 'o'}{value:{'X' if base == 16 else 'b' if base == 2 else 'o'}}"
    )


def _from_roman(figures: str) -> int | None:
    if not _ROMAN.fullmatch(figures):
        return None
    value, rest = 0, figures.upper()
    for worth, sign in _ROMAN_SIGNS:
        while rest.startswith(sign):
            value, rest = value + worth, rest[len(sign) :]
    return value or None


def _to_roman(value: int) -> str:
    text = ""
    for worth, sign in _ROMAN_SIGNS:
        text += sign * (value // worth)
        value %= worth
    return text


# --- money and measures ----------------------------------------------------------------------------------------------

_MONEY = r"(?:원|달러|유로|엔|위안|파운드|won|krw|(?:us )?dollars?|usd|euros?|eur|yen|jpy|yuan|cny|pounds?|gbp)"
_SUM = rf"(?:[$€£¥₩]\s?{NUMBER}|{NUMBER}\s?(?:만|천|백|억|million|thousand)?\s?{_MONEY})(?![a-z])"
_MONEY_ASKED = lazy_regex(
    rf"(?P<sum>{_SUM})[^\n]{{0,20}}?"
    rf"(?:\b(?:to|in|into)\s{{1,3}}{_MONEY}(?![a-z])|몇\s?{_MONEY}|{_MONEY}(?:으로|로)|{_MONEY} ?얼마)"
    rf"|how (?:many|much) (?:in )?{_MONEY}\s[^\n]{{0,20}}?(?P<sum_after>{_SUM})",
    re.IGNORECASE,
)
_RATE = lazy_regex(r"exchange rate|환율", re.IGNORECASE)
_WEIGHT_ONLY = lazy_regex(r"pounds?|파운드", re.IGNORECASE)

_TARGET = lazy_regex(
    r"(?P<before>\b(?:to|in|into|as|how many|how much)\s{1,3}(?:(?:how many|degrees?)\s)?|(?:=|->|→)\s{0,3}|몇\s{0,2})?"
    rf"(?P<name>{any_of(list(NAMES))})(?![a-z²³])"
    r"(?P<after>\s?(?:단위)?(?:(?:으?로|론)(?:는|만)?(?!(?-i:[가-힣]){3})|\s?몇\s?(?:도|km|m|킬로미터|미터|마일)))?",
    re.IGNORECASE,
)
_CONVERT = lazy_regex(r"\bconvert|변환|환산|바꿔|바꾸", re.IGNORECASE)


def _currency(question: str) -> Conversion | None:
    if found := _MONEY_ASKED.search(question):
        asked = found["sum"] or found["sum_after"]
        names = re.findall(_MONEY, found.group(), re.IGNORECASE)
        if not names or not all(_WEIGHT_ONLY.fullmatch(name) for name in names):
            return Conversion(asked.strip(), reason="currency")
    if rate := _RATE.search(question):
        return Conversion(rate.group(), reason="currency")
    return None


def _measure(question: str) -> Conversion | None:
    given = _run(list(measures(question)))
    if not given:
        return None
    unit = given[0].unit
    target = _target(question, given)
    if target is None and _CONVERT.search(question) and unit.symbol in PARTNERS:
        symbol = PARTNERS[unit.symbol]
        target = symbol, SYMBOLS[symbol]
    if target is None:
        return None
    name, wanted = target
    asked = " ".join(_shown(rounded(each.value), each.name, each.unit) for each in given)
    value = sum((converted(each.value, each.unit, wanted) for each in given), Decimal(0))
    return Conversion(asked, _shown(rounded(value), name, wanted))


def _run(found: list[Measure]) -> list[Measure]:
    """The first measure, with what belongs to it: "5 feet 10 inches", "1시간 30분"."""
    run = found[:1]
    for each in found[1:3]:
        last = run[-1]
        smaller = each.unit.dimension == last.unit.dimension and each.unit.factor < last.unit.factor
        if each.start - last.end > 1 or not smaller:
            break
        run.append(each)
    return run


def _target(question: str, given: list[Measure]) -> tuple[str, Unit] | None:
    """(name as written, unit) that the question asks for: one of the same dimension, that is not the given one."""
    for found in _TARGET.finditer(question):
        start = found.start("name")
        begins = not question[max(0, start - 1) : start].isalnum()
        asked = found["before"] or (begins and (found["after"] or found["name"] == "며칠"))
        unit = NAMES[found["name"].lower()]
        inside = any(each.start <= start < each.end for each in given)
        if asked and not inside and unit.dimension == given[0].unit.dimension and unit is not given[0].unit:
            return found["name"], unit
    return None


def _shown(value: str, name: str, unit: Unit) -> str:
    """A number with its unit: temperatures and speeds by their signs, Korean units without a space."""
    if (
        unit.dimension == "temperature"
        or name in ("", "시속", "초속")
        or (unit.dimension == "speed" and name in SYMBOLS)
    ):
        return f"{value} {unit.symbol}"
    name = "일" if name == "며칠" else name
    return f"{value}{name}" if name[:1] >= "가" else f"{value} {name}"
