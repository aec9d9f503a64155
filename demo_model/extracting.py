"""Values in a text, found by linear patterns: people, e-mails, phone numbers, dates, amounts, numbers, places."""

import re

from demo_model.words import WORDS, any_of

LONGEST = 50_000
"""Characters that are searched."""

_PEOPLE = WORDS["people"]
_PLACES = WORDS["places"]
_PARTICLES = any_of(_PEOPLE["particles"])
_KIN = re.compile(rf"(?<![가-힣])({any_of(_PEOPLE['kin_ko'])})(?=들?(?:{_PARTICLES})?(?:[^가-힣]|$))")
_KIN_EN = re.compile(rf"\b(?:(?:old|young) )?({any_of(_PEOPLE['kin_en'])})\b", re.IGNORECASE)
# Three syllables that begin with an unmistakable surname, or any name before a title.
_NAME_KO = re.compile(
    rf"(?<![가-힣])(?:([{_PEOPLE['surnames_ko']}][가-힣]{{2}})"
    rf"(?=(?:{_PARTICLES}|이라고|라고|이야|야|입니다)?(?:[^가-힣]|$))"
    rf"|([가-힣]{{2,4}})(?= ?(?:{any_of(_PEOPLE['titles_ko'])})(?:[^가-힣]|(?:{_PARTICLES})(?:[^가-힣]|$)|$)))"
)
_NAME_EN = re.compile(r"(?:\b(in|at|near|on) )?\b([A-Z][a-z]{1,20}(?: [A-Z][a-z]{1,20}){0,2})\b")
_PLACE_KO = re.compile(
    rf"(?<![가-힣])([가-힣]{{1,8}}(?:{any_of(_PLACES['endings_ko'])})|{any_of(_PLACES['names_ko'])})"
    r"(?=(?:에서|에|의|로|으로)(?:[^가-힣]|$))"
)
_PLACE_EN = re.compile(r"\b(?:in|at|from|near) (?:the )?([A-Z][a-z]{1,20}(?: [A-Z][a-z]{1,20}){0,2})\b")

_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}")
_URL = re.compile(r"https?://[^\s\"'<>)]{1,500}")
_PHONE = re.compile(r"(?<![\d-])(?:\+\d{1,3}[ -]?)?\(?0?\d{1,4}\)?[ -]\d{3,4}[ -]\d{4}(?![\d-])")
_DATE = re.compile(r"(?<!\d)(\d{4})(?:[-./]|년 ?)(\d{1,2})(?:[-./]|월 ?)(\d{1,2})(?!\d)")
_MONEY = r"\d[\d,]{0,20}(?:\.\d{1,4})?"
_AMOUNT = re.compile(rf"(?<![\d.])(?:([$€£₩]) ?({_MONEY})|({_MONEY}) ?(원|달러|유로|won|dollars|euros|USD|KRW|EUR))")
_AGE = re.compile(r"(?<!\d)(\d{1,3}) ?(?:살|세(?![가-힣])|years? old|-year-old)|\baged? (\d{1,3})(?!\d)")
_NUMBER = re.compile(r"(?<![\w.])-?\d[\d,]{0,20}(?:\.\d{1,10})?(?![\d-])")


def people(text: str) -> list[str]:
    """Names and words for persons, each once, in order of appearance."""
    found: list[tuple[int, str]] = [(match.start(), match.group(1)) for match in _KIN.finditer(text)]
    found += [(match.start(), match.group(1) or match.group(2)) for match in _NAME_KO.finditer(text)]
    found += [(match.start(), match.group(1)) for match in _KIN_EN.finditer(text)]
    for match in _NAME_EN.finditer(text):
        words = match.group(2).split()
        while words and words[0] in _PEOPLE["no_names_en"]:
            words.pop(0)
        if words and match.group(1) is None:
            found.append((match.start(2), " ".join(words)))
    others = {*places(text), *_PEOPLE["no_names_ko"]}
    names = (name for _, name in sorted(found) if name not in others)
    return list(dict.fromkeys(names))


def places(text: str) -> list[str]:
    """Places, as far as an ending or a preposition shows them."""
    found = [(m.start(), m.group(1)) for pattern in (_PLACE_KO, _PLACE_EN) for m in pattern.finditer(text)]
    return list(dict.fromkeys(name for _, name in sorted(found)))


def emails(text: str) -> list[str]:
    """E-mail addresses."""
    return list(dict.fromkeys(address.rstrip(".") for address in _EMAIL.findall(text)))


def urls(text: str) -> list[str]:
    """Web addresses."""
    return list(dict.fromkeys(_URL.findall(text)))


def phones(text: str) -> list[str]:
    """Telephone numbers, as written."""
    return list(dict.fromkeys(match.group().strip() for match in _PHONE.finditer(text)))


def dates(text: str) -> list[str]:
    """Dates with a year, as YYYY-MM-DD."""
    found = [(year, int(month), int(day)) for year, month, day in _DATE.findall(text)]
    good = [f"{year}-{month:02}-{day:02}" for year, month, day in found if 1 <= month <= 12 and 1 <= day <= 31]
    return list(dict.fromkeys(good))


def amounts(text: str) -> list[int | float]:
    """Sums of money, without their currency."""
    return [_value(match.group(2) or match.group(3)) for match in _AMOUNT.finditer(text)]


def currencies(text: str) -> list[str]:
    """The currency signs and words of the sums of money."""
    return list(dict.fromkeys(match.group(1) or match.group(4) for match in _AMOUNT.finditer(text)))


def ages(text: str) -> list[int | float]:
    """Ages in years."""
    return [_value(match.group(1) or match.group(2)) for match in _AGE.finditer(text)]


def numbers(text: str) -> list[int | float]:
    """Numbers that are no part of a date, a phone number or an address."""
    for pattern in (_URL, _EMAIL, _DATE, _PHONE):
        text = pattern.sub(" ", text)
    return [_value(match.group()) for match in _NUMBER.finditer(text)]


def _value(digits: str) -> int | float:
    plain = digits.replace(",", "")
    return float(plain) if "." in plain else int(plain)
