"""Small arithmetic: finds one expression in a sentence and works it out with a parser of its own, in decimals."""

import re
from dataclasses import dataclass
from decimal import Decimal, DecimalException, localcontext

from demo_model.lazy_regex import lazy_regex
from demo_model.skills.words import ASKS

_LONGEST_TEXT = 300
_DEEPEST = 40
_LARGEST_EXPONENT = 1000
_DIGITS = 28

_WORDS = {
    "**": "^",
    "to the power of": "^",
    "multiplied by": "*",
    "divided by": "/",
    "percent of": "%*",
    "% of": "%*",
    "plus": "+",
    "minus": "-",
    "times": "*",
    "percent": "%",
    "더하기": "+",
    "빼기": "-",
    "곱하기": "*",
    "나누기": "/",
    "퍼센트": "%",
    "의": "*",
    "−": "-",
    "–": "-",
    "×": "*",
    "÷": "/",
}
_CANDIDATE = lazy_regex(r"[-(]{0,20}\d[\d\s.,+\-*/^()%]{0,250}")
_GROUPED = lazy_regex(r"(?<=\d),(?=\d{3}(?:\D|$))")
_NO_SUM = lazy_regex(r"\d{2,4}-\d{1,4}-\d{1,4}|\d{1,2}/\d{1,2}/\d{2,4}|\d{4}-\d{2,4}")
_TOKEN = lazy_regex(r"\d+\.?\d*|\.\d+|[-+*/^()%]")


# Sums in words whose order is not that of the signs: "100에서 37을 빼면", "half of 50". Matched before the words above.
_N = r"(\d[\d,]{0,20}(?:\.\d{1,10})?)"
_UNITS = r"(?:원|달러|개|명|점)?"
_PHRASES = tuple(
    (lazy_regex(pattern), in_signs)
    for pattern, in_signs in (
        (rf"{_N}의 {_N} ?(?:제곱|승)(?!근)", r"\1^\2"),
        (rf"{_N}의 제곱근|루트 ?{_N}|(?:square root of|sqrt(?: of)?) ?\(?{_N}\)?", r"\1\2\3^0.5"),
        (rf"{_N}의 세제곱|{_N} cubed", r"\1\2^3"),
        (rf"{_N}의 제곱|{_N} squared", r"\1\2^2"),
        (rf"{_N}의 {_N}배", r"\1*\2"),
        (rf"{_N}{_UNITS}에서 {_N}{_UNITS}[을를] 빼", r"\1-\2 "),
        (rf"{_N}{_UNITS}에 {_N}{_UNITS}[을를] 더", r"\1+\2 "),
        (rf"{_N}{_UNITS}에 {_N}{_UNITS}[을를] 곱", r"\1*\2 "),
        (rf"{_N}{_UNITS}[을를] {_N}{_UNITS}(?:으로|로) 나누", r"\1/\2 "),
        (rf"half of {_N}|{_N}의 절반", r"\1\2/2"),
        (rf"{_N}{_UNITS} ?(더하기|빼기|곱하기|나누기) ?{_N}", r"\1 \2 \3"),
    )
)


class NoValue(ValueError):
    """The expression has no value: bad form, division by zero, or a number beyond all measure."""


def find_and_solve(text: str) -> tuple[str, str] | None:
    """The expression asked about and its value, as text; None if nothing is asked. Raises NoValue."""
    expression = _find(text)
    if expression is None:
        return None
    shown = " ".join(_TOKEN.findall(expression)).replace("( ", "(").replace(" )", ")").replace(" %", "%")
    return shown, _shown(_solved(expression).result)


def steps(text: str) -> list[str]:
    """The operations of the expression asked about, one by one, as they are worked out; empty: there are none."""
    expression = _find(text)
    try:
        return [] if expression is None else _solved(expression).steps
    except NoValue:
        return []


def _find(text: str) -> str | None:
    if len(text) > _LONGEST_TEXT:
        return None
    plain = text.lower()
    for pattern, in_signs in _PHRASES:
        plain = pattern.sub(in_signs, plain)
    for word, sign in _WORDS.items():
        plain = plain.replace(word, sign)
    plain = re.sub(r"(?<=\d)\s?x\s?(?=\d)", "*", _GROUPED.sub("", plain))
    candidates = [match.group().strip().rstrip(".,") for match in _CANDIDATE.finditer(plain)]
    sums = [each for each in candidates if re.search(r"\d\s*[)%]*\s*[-+*/^]\s*[-(]*\s*\d|\d\s*%\s*\*", each)]
    if not sums:
        return None
    expression = max(sums, key=len)
    bare = len(plain) - len(expression) <= 2 and not _NO_SUM.fullmatch(expression)
    if not bare and not ASKS["calculation"].search(text):
        return None
    return expression


@dataclass(frozen=True, slots=True)
class _Solved:
    result: Decimal
    steps: list[str]


def _solved(expression: str) -> _Solved:
    """The value of an expression of numbers, + - * / ^, % (hundredths) and brackets. Raises NoValue."""
    with localcontext() as context:
        context.prec = _DIGITS
        parser = _Parser(_TOKEN.findall(expression))
        try:
            return _Solved(parser.value(), parser.steps)
        except DecimalException as error:
            raise NoValue("no value") from error


def _shown(value: Decimal) -> str:
    """At most ten decimals, no trailing zeros; very large and very small numbers in scientific form."""
    if value and not Decimal("1e-9") < abs(value) < Decimal("1e21"):
        return f"{value:.6e}"
    text = f"{round(value, 10):,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


class _Parser:
    """Recursive descent; its depth is bounded."""

    def __init__(self, tokens: list[str]) -> None:
        self.steps: list[str] = []
        self._tokens = tokens
        self._place = 0
        self._depth = 0

    def value(self) -> Decimal:
        result = self._sum()
        if self._place < len(self._tokens):
            raise NoValue("something is left over")
        return result

    def _noted(self, left: Decimal, sign: str, right: Decimal, result: Decimal) -> Decimal:
        self.steps.append(f"{_shown(left)} {sign} {_shown(right)} = {_shown(result)}")
        return result

    def _take(self, *wanted: str) -> str | None:
        if self._place < len(self._tokens) and self._tokens[self._place] in wanted:
            self._place += 1
            return self._tokens[self._place - 1]
        return None

    def _sum(self) -> Decimal:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise NoValue("too many brackets")
        result = self._product()
        while sign := self._take("+", "-"):
            right = self._product()
            result = self._noted(result, sign, right, result + right if sign == "+" else result - right)
        self._depth -= 1
        return result

    def _product(self) -> Decimal:
        result = self._signed()
        while sign := self._take("*", "/"):
            right = self._signed()
            result = self._noted(result, sign, right, result * right if sign == "*" else result / right)
        return result

    def _signed(self) -> Decimal:
        negative = False
        while sign := self._take("-", "+"):
            negative ^= sign == "-"
        result = self._power()
        return -result if negative else result

    def _power(self) -> Decimal:
        base = self._number()
        if not self._take("^"):
            return base
        negative = self._take("-") is not None
        exponent = self._number()
        if exponent > _LARGEST_EXPONENT:
            raise NoValue("the exponent is too large")
        exponent = -exponent if negative else exponent
        return self._noted(base, "^", exponent, base**exponent)

    def _number(self) -> Decimal:
        if self._take("("):
            result = self._sum()
            if not self._take(")"):
                raise NoValue("a bracket is open")
        elif self._place < len(self._tokens) and self._tokens[self._place][-1] in "0123456789.":
            result = Decimal(self._tokens[self._place])
            self._place += 1
        else:
            raise NoValue("a number is missing")
        while self._take("%"):
            result /= 100
        return result
