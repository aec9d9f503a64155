"""Units of measure: found beside numbers in a text, and worked out from one to another, in decimals."""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from demo_model.lazy_regex import lazy_regex
from demo_model.skills.words import any_of

_LONGEST = 50_000
"""Characters that are searched."""


@dataclass(frozen=True, slots=True)
class Unit:
    """``factor``: how many of its dimension's base one of it is; temperatures have none."""

    symbol: str
    dimension: str
    factor: Decimal


@dataclass(frozen=True, slots=True)
class Measure:
    """A number with its unit. ``start``, ``end``: where it stands. ``name``: the unit as it was written."""

    start: int
    end: int
    value: Decimal
    unit: Unit
    name: str


_TABLE = tomllib.loads((Path(__file__).parent / "units.toml").read_text("utf-8"))
PARTNERS: dict[str, str] = _TABLE.pop("partners")
"""What a unit is converted to if nothing else is said, by symbol."""

SYMBOLS: dict[str, Unit] = {
    symbol: Unit(symbol, dimension, Decimal(factor or 0))
    for dimension, rows in _TABLE.items()
    for symbol, (factor, *_) in rows.items()
}
NAMES: dict[str, Unit] = {
    name: SYMBOLS[symbol] for rows in _TABLE.values() for symbol, (_, *names) in rows.items() for name in names
}
"""Every written form, in lower case."""

NUMBER = r"[-−]?\d[\d,]{0,15}(?:\.\d{1,10})?"
# "in" is a unit only where no other word could be meant; a Latin name must end where it ends.
_NAME = rf"(?:in(?=\s{{1,3}}(?:to|into|in|as)\b)|(?!in\b)(?:{any_of(list(NAMES))})(?![a-z²³]))"
_MEASURE = lazy_regex(
    rf"(?<![\w.,-])(?:(?P<scale>섭씨|화씨)\s?)?(?:(?P<per>시속|초속)\s?)?(?P<below>영하\s?)?"
    rf"(?P<number>{NUMBER}|\b(?:an?|one)(?=\s)|(?<!(?-i:[가-힣]))한(?=\s))"
    rf"(?:\s{{0,2}}|-)(?:(?P<degrees>도(?!(?-i:[가-힣]){{1,3}}로)|degrees?\b(?! ?[cf]))|(?P<name>{_NAME}))"
    r"|(?<!(?-i:[가-힣]))(?P<day>하루)(?=[는가])",
    re.IGNORECASE,
)
_SCALES = {"섭씨": "°C", "화씨": "°F"}
_PER = {("시속", "km"): "km/h", ("시속", "miles"): "mph", ("초속", "m"): "m/s"}
_ABSOLUTE_ZERO = Decimal("273.15")


def measures(text: str) -> Iterator[Measure]:
    """Numbers with a unit. Degrees of no scale are Celsius."""
    for found in _MEASURE.finditer(text[:_LONGEST]):
        number, name = found["number"] or "", found["name"] or ("일" if found["day"] else "")
        unit = _unit_of(found)
        digits = number[-1:].isdigit()
        if not digits and unit.dimension == "temperature":  # "a C", "one degree": no measures
            continue
        value = Decimal(number.replace(",", "").replace("−", "-")) if digits else Decimal(1)
        yield Measure(found.start(), found.end(), -value if found["below"] else value, unit, name)


def _unit_of(found: re.Match[str]) -> Unit:
    if found["day"]:
        return NAMES["일"]
    if found["degrees"] or found["scale"]:
        return SYMBOLS[_SCALES.get(found["scale"], "°C")]
    unit = NAMES[found["name"].lower()]
    return SYMBOLS[_PER.get((found["per"], unit.symbol), unit.symbol)]


def converted(value: Decimal, unit: Unit, target: Unit) -> Decimal:
    """The value in another unit of the same dimension."""
    if unit.dimension == "temperature":
        return _from_celsius(_to_celsius(value, unit.symbol), target.symbol)
    return value * unit.factor / target.factor


def rounded(value: Decimal) -> str:
    """At most two decimals, or four digits of a number below one; exact up to four decimals; grouped by thousands."""
    if value != round(value, 4):
        value = round(value, 2) if abs(value) >= 1 else round(value, 3 - value.adjusted())
    text = f"{value:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _to_celsius(value: Decimal, symbol: str) -> Decimal:
    match symbol:
        case "°F":
            return (value - 32) * 5 / 9
        case "K":
            return value - _ABSOLUTE_ZERO
    return value


def _from_celsius(value: Decimal, symbol: str) -> Decimal:
    match symbol:
        case "°F":
            return value * 9 / 5 + 32
        case "K":
            return value + _ABSOLUTE_ZERO
    return value
