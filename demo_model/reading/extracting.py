"""What is found in a text, and the values with a form of their own: e-mails, phone numbers, links, numbers of orders.

Every pattern here is linear: the texts come from anyone.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from demo_model.lazy_regex import lazy_regex

LONGEST = 20_000
"""Characters that are searched."""


@dataclass(frozen=True, slots=True)
class Found:
    """A value in a text. ``start``: where it stands. ``written``: its own words. ``value``: what they mean."""

    start: int
    written: str
    value: str | int | float | bool


_EMAIL = lazy_regex(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}", re.ASCII)
_URL = lazy_regex(r"(?:https?://|(?<![\w@.])www\.)[^\s\"'<>)\]]{1,500}")
_PHONE = lazy_regex(
    r"(?<![\w-])(?<!\d\.)(?:\+\d{1,3}[ .-]?)?(?:\(0?\d{1,4}\) ?|0?\d{1,4}[ .-])(?:\d{2,4}[ .-]){1,2}\d{3,4}(?![\d-])"
    r"|(?<![\w-])(?:0\d{8,10}|\+\d{9,14}|1[5-9]\d{2}-\d{4})(?![\d-])"
)
_DATE_LIKE = lazy_regex(r"(?:19|20)\d{2}[ .-]\d{1,2}[ .-]\d{1,2}|\d{1,2}[.]\d{1,2}[.](?:19|20)\d{2}")
_FEWEST_DIGITS = 8
_MOST_DIGITS = 15
_CODE = lazy_regex(
    r"(?:(?:주문|예약|송장|운송장|접수|회원|학번|사번|등록)\s?번호|\b(?:order|invoice|tracking|ticket|booking|reservation|case|ref"
    r"(?:erence)?|confirmation|id)\b(?: (?:number|no\.?|id|code))?)\s{0,2}(?:is |은 |는 |:|#|no\.? )?\s{0,2}#?"
    r"([A-Z0-9]{0,3}[A-Z][-_]?\d[\w-]{1,30}|\d{4}[\w-]{0,30}|(?<=[#:] )\d{1,30}|(?<=[#:])\d{1,30})"
    r"|(?<![\w-])(\d{2,6}-\d{2,6}-\d{4,9}(?:-\d{1,4})?)(?![\w-])|#(\d{1,12})(?!\w)|(?<![\w-])([A-Z]{1,6}-\d[\w-]{0,24})(?!\w)",
    re.IGNORECASE,
)
_VERSION = lazy_regex(
    r"(?<![\w.])(?:v(?:ersion |er\.? ?)?|버전 ?)?(\d{1,4}(?:\.\d{1,6}){1,3})(?![\w.]*\d)", re.IGNORECASE
)
_VERSION_WORD = lazy_regex(r"(?:\bv|\bversion |\bver\.? ?|버전 ?)(\d{1,4}(?:\.\d{1,6}){0,3})", re.IGNORECASE)
_QUOTED = lazy_regex(r"[\"“「『《<]([^\"“”「」『』《》<>\n]{1,120})[\"”」』》>]|(?<!\w)[‘']([^'‘’\n]{2,120})[’'](?!\w)")
_HASHTAG = lazy_regex(r"(?<![\w&#/])#([^\W\d]\w{0,40})")


def once(found: Iterable[Found]) -> list[Found]:
    """In order of appearance, each value once."""
    seen: dict[object, Found] = {}
    for each in sorted(found, key=lambda one: one.start):
        seen.setdefault(each.value, each)
    return list(seen.values())


def of_pattern(pattern: re.Pattern[str], text: str) -> list[Found]:
    """What a pattern finds: its first group that took part, or all of it."""
    found: list[Found] = []
    for match in pattern.finditer(text):
        group = next((number for number, value in enumerate(match.groups(), start=1) if value is not None), 0)
        found.append(Found(match.start(group), match.group(group), match.group(group)))
    return once(found)


def emails(text: str) -> list[Found]:
    """E-mail addresses."""
    return of_pattern(_EMAIL, text)


def urls(text: str) -> list[Found]:
    """Web addresses, without the full stop or comma that follows."""
    found = [(match.start(), match.group().rstrip(".,;:!?")) for match in _URL.finditer(text)]
    return once(Found(start, address, address) for start, address in found)


def phones(text: str) -> list[Found]:
    """Telephone numbers, as written: eight to fifteen digits (ITU-T E.164), and no date."""
    found = [Found(match.start(), match.group().strip(), match.group().strip()) for match in _PHONE.finditer(text)]
    return once(
        each
        for each in found
        if _FEWEST_DIGITS <= sum(sign.isdigit() for sign in each.written) <= _MOST_DIGITS
        and not _DATE_LIKE.match(each.written)
    )


def codes(text: str) -> list[Found]:
    """Numbers of orders, bookings, tickets and the like, as written."""
    phones_at = {each.start for each in phones(text)}
    return [each for each in of_pattern(_CODE, text) if each.start not in phones_at]


def versions(text: str) -> list[Found]:
    """Version numbers: those that are called so, else numbers of three parts."""
    named = of_pattern(_VERSION_WORD, text)
    return named or [each for each in of_pattern(_VERSION, text) if each.written.count(".") > 1]


def quotes(text: str) -> list[Found]:
    """What stands between quotation marks."""
    return of_pattern(_QUOTED, text)


def hashtags(text: str) -> list[Found]:
    """Hashtags, without their sign."""
    return of_pattern(_HASHTAG, text)


def without_addresses(text: str) -> str:
    """The text with blanks in the place of links, e-mail addresses and phone numbers: their digits are no numbers."""
    for pattern in (_URL, _EMAIL):
        text = pattern.sub(lambda match: " " * len(match.group()), text)
    return _blanked(text, phones(text))


def without_codes(text: str) -> str:
    """The text with blanks in the place of the numbers of orders and the like."""
    return _blanked(text, codes(text))


def _blanked(text: str, found: list[Found]) -> str:
    pieces: list[str] = []
    end = 0
    for each in found:
        pieces += [text[end : each.start], " " * len(each.written)]
        end = each.start + len(each.written)
    return "".join([*pieces, text[end:]])
