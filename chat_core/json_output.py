"""JSON that a model wrote: read at the end with every oddity told and placed, read and laid out while it grows, and
traced back to the words of its source. Pure; never ``eval``, and never a RecursionError.

Models wrap JSON into Markdown fences and prose, stop in the middle, repeat keys and write NaN. What can be taken for an
answer is taken, and what is wrong with it is said with its place; nothing is mended silently.
"""

import json
import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal
from itertools import islice
from typing import Any, Literal

import jiter

# Levels of arrays and objects. Ten are the most that strict structured output gives; walks over values may recurse.
MOST_LEVELS = 100
# Fences, objects and arrays that are tried where JSON stands inside prose.
MOST_STARTS = 50
_MOST_GROWING_STARTS = 5
# A double holds no larger power of ten: a longer integer is as unreadable elsewhere as 1e999 is.
_MOST_DIGITS = 308
_BLANKS = " \t\n\r"

Way = Literal["plain", "fenced", "embedded"]
ProblemKind = Literal[
    "empty",
    "blanks",
    "not_json",
    "cut",
    "trailing_text",
    "duplicate_key",
    "not_finite",
    "too_deep",
    "content_filter",
    "refused",
    "repair_failed",
]


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with an answer as a whole.

    ``line``, ``column``: from 1, of the place in the raw text; 0 where there is no one place.  ``offset``: the same in
    characters from 0.  ``values``: plain values to put into a sentence: of ``duplicate_key`` the ``key``, of ``blanks``
    their ``count``, of ``cut`` by the token limit the ``limit``, of ``refused`` the model's ``words``, of
    ``repair_failed`` the ``error`` (a ``ChatError.kind``).

    ``cut``: it ends in the middle.  ``trailing_text``: after the value there is more that may be meant as data.
    ``not_finite``: NaN, Infinity, or a number too large for a double.  The last three kinds are told by
    ``extract_task`` and those who ask, which know how the answer ended.
    """

    kind: ProblemKind
    line: int = 0
    column: int = 0
    offset: int = 0
    values: dict[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Parsed:
    """What was found in an answer.

    ``value``: the JSON value; None where there is none, and for ``null``.  ``found``: whether there is one.  ``way``:
    how it stood in the text: alone (``plain``), in a Markdown fence, or embedded in prose.  ``problem``: None, or what
    is wrong; with ``duplicate_key`` (the last one counts) and ``trailing_text`` (the first value counts) there is a
    value all the same.
    """

    value: Any = None
    found: bool = False
    way: Way = "plain"
    problem: Problem | None = None


@dataclass(frozen=True, slots=True)
class _Value:
    """A value that stands between two offsets of the text. ``repeated``: one of its objects has a key twice."""

    value: Any
    start: int
    end: int
    repeated: bool

    def parsed(self, text: str, way: Way) -> Parsed:
        problem = _problem(text, self.start) if self.repeated else None
        return Parsed(self.value, True, way, problem)


def parse(text: str) -> Parsed:
    """Read an answer that has ended. The caller keeps the raw text.

    A fence and prose around the JSON are passed over, and so is a block of ``<think>`` before it. A trailing comma,
    single quotes and comments are errors with their place. Raises nothing.
    """
    if not text:
        return Parsed(problem=Problem("empty"))
    start = _first_letter(text)
    if start == len(text):
        return Parsed(problem=Problem("blanks", values={"count": len(text)}))
    if (value := _decoded(text, start)) and (parsed := _with_rest(text, value)):
        return parsed
    fences = [] if _JSON_LIKE.match(text, start) else _fences(text, start)
    if values := _values_at(text, fences):
        return _first_of(text, values, "fenced")
    if not _JSON_LIKE.match(text, start) and (values := _values_at(text, _brackets(text, start))):
        objects = [value for value in values if isinstance(value.value, dict)]
        return _first_of(text, objects or values, "embedded")
    return _explained(text, start, fences)


def partial(text: str) -> Any | None:
    """What can be read of an object or array that is still growing; None where there is nothing yet.

    Strings and numbers at the end may still grow. Not for the final word: what follows the value is not looked at.
    """
    for start in islice(_brackets(text, _first_letter(text)), _MOST_GROWING_STARTS):
        try:
            growing = text[start:].encode("utf-8", "replace")
            return jiter.from_json(growing, partial_mode="trailing-strings", allow_inf_nan=False)
        except ValueError:
            continue
    return None


class Layout:
    """Lays one answer out while it grows: each character is looked at once, whatever the number of snapshots.

    Works on the marks of JSON and not on values, so numbers and escapes stay as the model wrote them, and the text in
    the middle of a string is shown at once.
    """

    def __init__(self) -> None:
        self._seen = ""
        self._start: int | None = None
        self._at = 0
        self._lines = ""
        self._rest = ""
        # The brackets that close what is open.
        self._levels: list[str] = []
        # What stands before the next mark: nothing, a line end, or one that an empty object or array does without.
        self._pending: Literal["", "line", "opened"] = ""
        self._broken = False

    def laid_out(self, text: str) -> str:
        """The answer so far; the raw text where it is no JSON, or nested too deeply to be indented."""
        if self._start is None or not text.startswith(self._seen):
            self._restart(text)
        self._seen = text
        if self._start is None or self._broken:
            return text
        return self._grown(text)

    def _restart(self, text: str) -> None:
        self._seen = self._lines = self._rest = ""
        self._levels = []
        self._pending = ""
        self._broken = False
        self._start = _laid_out_from(text)
        self._at = self._start or 0

    def _grown(self, text: str) -> str:
        pieces: list[str] = []
        ended = self._lines != "" and not self._levels
        while not ended and not self._broken and (mark := _MARK.match(text, self._at)):
            word = mark[1]
            if mark.end() == len(text) and word[0] not in _WHOLE:
                # A word or a number may still grow.
                break
            self._at = mark.end()
            self._put(word, pieces)
            ended = not self._levels
        self._lines += "".join(pieces)
        self._rest = ""
        if not ended and not self._broken:
            # A string or a word that is still growing; anything else is no JSON.
            rest = text[self._at :].strip(_BLANKS)
            if rest and not rest.startswith('"') and not _is_begun(rest):
                self._broken = True
            elif rest:
                self._rest = self._indent() + rest
        elif ended and (after := text[self._at :].strip(_BLANKS)) and not _FENCE_END.fullmatch(after):
            self._rest = "\n" + after
        return text if self._broken else self._lines + self._rest

    def _put(self, word: str, pieces: list[str]) -> None:
        if word in "}]":
            if not self._levels or self._levels.pop() != word:
                self._broken = True
                return
            pieces.append(("" if self._pending == "opened" else "\n" + "  " * len(self._levels)) + word)
            self._pending = ""
            return
        if word == ",":
            pieces.append(word)
            self._pending = "line"
            return
        if word == ":":
            pieces.append(": ")
            return
        if word[0] not in _WHOLE and not _is_scalar(word):
            self._broken = True
            return
        pieces.append(self._indent() + word)
        self._pending = ""
        if word in "{[":
            self._levels.append("}" if word == "{" else "]")
            self._pending = "opened"
            self._broken = len(self._levels) > MOST_LEVELS

    def _indent(self) -> str:
        return "\n" + "  " * len(self._levels) if self._pending else ""


# --- where the JSON stands -------------------------------------------------------------------------------------------

# The beginning of an object or array, and not of "[1]" or "{name}" in a sentence.
_JSON_LIKE = re.compile(r'\{\s*(?:["}]|\Z)|\[\s*(?:[\[{"\]tfn]|-?[0-9]|\Z)')
_FENCE = re.compile(r"(?:`{3,}|~{3,})[ \t]*[\w+-]*\s*")
_FENCE_END = re.compile(r"(?:`{1,}|~{1,})\s*")
_THOUGHT = re.compile(r"\s*<think>.*?</think>", re.DOTALL)
_BRACKET = re.compile(r"[\[{]")
_FIRST_LETTER = re.compile(r"[\s\ufeff]*")


def _first_letter(text: str) -> int:
    thought = _THOUGHT.match(text)
    return _after_blanks(text, thought.end() if thought else 0)


def _after_blanks(text: str, start: int) -> int:
    blanks = _FIRST_LETTER.match(text, start)
    return blanks.end() if blanks else start


def _fences(text: str, start: int) -> list[int]:
    """Where the contents of Markdown fences begin; ends of fences are among them and hold nothing."""
    found = islice(_FENCE.finditer(text, start), MOST_STARTS)
    return [fence.end() for fence in found if fence.end() < len(text)]


def _brackets(text: str, start: int) -> Iterator[int]:
    return (found.start() for found in islice(_BRACKET.finditer(text, start), MOST_STARTS))


def _values_at(text: str, starts: Iterable[int]) -> list[_Value]:
    """The values that begin at these places, without those that lie inside another."""
    values: list[_Value] = []
    for start in starts:
        if (not values or start >= values[-1].end) and (value := _decoded(text, start)):
            values.append(value)
    return values


def _with_rest(text: str, value: _Value) -> Parsed | None:
    """A value at the beginning of the answer, judged by what follows it; None: a number or word of a sentence."""
    after = _after_blanks(text, value.end)
    if after == len(text):
        return value.parsed(text, "plain")
    if not isinstance(value.value, dict | list):
        return None
    others = _values_at(text, _brackets(text, after))
    if text[after] in "{[}],:\"'" or any(other.value != value.value for other in others):
        return replace(value.parsed(text, "plain"), problem=_placed(text, after, "trailing_text"))
    return value.parsed(text, "embedded")


def _first_of(text: str, values: list[_Value], way: Way) -> Parsed:
    """The first of several values; that there is another one that differs is a problem."""
    first = values[0]
    other = next((value for value in values[1:] if value.value != first.value), None)
    parsed = first.parsed(text, way)
    return replace(parsed, problem=_placed(text, other.start, "trailing_text")) if other else parsed


# --- one value -------------------------------------------------------------------------------------------------------


def _decoded(text: str, start: int) -> _Value | None:
    """The JSON value that begins here; None where there is none that can be used."""
    repeated: list[str] = []

    def as_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        known = dict(pairs)
        if len(known) < len(pairs):
            repeated.append("")
        return known

    decoder = json.JSONDecoder(
        object_pairs_hook=as_object, parse_constant=_refuse, parse_int=_integer, parse_float=_finite
    )
    try:
        value, end = decoder.raw_decode(text, start)
    except (ValueError, RecursionError):
        return None
    if levels(value) > MOST_LEVELS:
        return None
    if _HALF_LETTER.search(text, start, end):
        value = whole_letters(value)
    return _Value(value, start, end, bool(repeated))


def _refuse(word: str) -> float:
    raise ValueError(word)


def _finite(digits: str) -> float:
    number = float(digits)
    return number if math.isfinite(number) else _refuse(digits)


def _integer(digits: str) -> float:
    return int(digits) if len(digits.lstrip("-")) <= _MOST_DIGITS else _refuse(digits)


def levels(value: Any) -> int:
    """Levels of arrays and objects, counted without recursion."""
    levels, row = 0, [value]
    while row := [item for item in row if isinstance(item, dict | list)]:
        levels += 1
        row = [below for item in row for below in (item.values() if isinstance(item, dict) else item)]
    return levels


_HALF_LETTER = re.compile(r"\\u[dD][89a-fA-F]")


def whole_letters(value: Any) -> Any:
    """The value without halves of surrogate pairs, which no file and no page can hold."""
    if isinstance(value, dict):
        return {whole_letters(key): whole_letters(item) for key, item in value.items()}
    if isinstance(value, list):
        return [whole_letters(item) for item in value]
    return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace") if isinstance(value, str) else value


# --- what is wrong, and where ----------------------------------------------------------------------------------------


def _explained(text: str, start: int, fences: list[int]) -> Parsed:
    """Why there is no value, told of the place where one seems to begin."""
    at = start
    way: Way = "plain"
    if fences:
        at, way = fences[0], "fenced"
    elif not _JSON_LIKE.match(text, start) and (begun := _JSON_LIKE.search(text, start)):
        at, way = begun.start(), "embedded"
    problem = _problem(text, at) or _placed(text, at, "not_json")
    if problem.kind == "not_json" and way == "fenced" and _FENCE_END.match(text, problem.offset):
        problem = replace(problem, kind="cut")
    return Parsed(way=way, problem=problem)


def _placed(text: str, offset: int, kind: ProblemKind, **values: str | int) -> Problem:
    line = text.count("\n", 0, offset) + 1
    return Problem(kind, line, offset - text.rfind("\n", 0, offset), offset, values)


_SPACE = re.compile(r"[ \t\n\r]*+")
_STRING_BEGUN = re.compile(r'"[^"\\\x00-\x1f]*+(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\x00-\x1f]*+)*+')
_ESCAPE_BEGUN = re.compile(r"\\(?:u[0-9a-fA-F]{0,3})?\Z")
_SCALAR = re.compile(r"[^\s{}\[\],:\"]+")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_NUMBER_BEGUN = re.compile(r"-?(?:0|[1-9][0-9]*)?(?:(?<=[0-9])\.[0-9]*)?(?:(?<=[0-9])[eE][+-]?[0-9]*)?")
_LITERALS = ("true", "false", "null")
_NOT_FINITE = ("NaN", "Infinity", "-Infinity")


class _Fault(Exception):
    """Ends the scan of a value: what is wrong at which offset."""

    def __init__(self, kind: ProblemKind, offset: int) -> None:
        self.kind = kind
        self.offset = offset


def _problem(text: str, start: int) -> Problem | None:
    """What is wrong with the value that begins here; None: nothing."""
    scan = _Scan(text, start)
    try:
        scan.value()
    except _Fault as fault:
        return _placed(text, fault.offset, fault.kind)
    return scan.noted


class _Scan:
    """Walks along one value, mark by mark and without recursion, to find where it stops being JSON.

    ``noted``: the first thing that is wrong without ending the walk, a repeated key or a number that is none.
    """

    def __init__(self, text: str, start: int) -> None:
        self._text = text
        self._at = start
        # The keys of each open object so far; None: an open array.
        self._open: list[set[str] | None] = []
        self.noted: Problem | None = None

    def value(self) -> None:
        """Walk to the end of the value. Raises _Fault."""
        self._begin_value()
        while self._open:
            keys = self._open[-1]
            mark = self._next()
            if mark == ("]" if keys is None else "}"):
                self._open.pop()
                self._at += 1
            elif mark == ",":
                self._at += 1
                self._next_entry(keys)
            else:
                raise _Fault("not_json", self._at)

    def _next(self) -> str:
        """The next character that is not blank. Raises _Fault at the end of the text."""
        blanks = _SPACE.match(self._text, self._at)
        self._at = blanks.end() if blanks else self._at
        if self._at == len(self._text):
            raise _Fault("cut", self._at)
        return self._text[self._at]

    def _next_entry(self, keys: set[str] | None) -> None:
        if keys is not None:
            self._key(keys)
        self._begin_value()

    def _begin_value(self) -> None:
        """A scalar, or so many opening brackets as stand here."""
        while (mark := self._next()) in "{[":
            if len(self._open) == MOST_LEVELS:
                raise _Fault("too_deep", self._at)
            self._at += 1
            keys: set[str] | None = set() if mark == "{" else None
            self._open.append(keys)
            if self._next() == ("]" if keys is None else "}"):
                return
            if keys is not None:
                self._key(keys)
        if mark == '"':
            self._string()
        else:
            self._scalar()

    def _key(self, keys: set[str]) -> None:
        if self._next() != '"':
            raise _Fault("not_json", self._at)
        at = self._at
        key = str(json.loads(self._string()))
        if key in keys and self.noted is None:
            self.noted = _placed(self._text, at, "duplicate_key", key=key)
        keys.add(key)
        if self._next() != ":":
            raise _Fault("not_json", self._at)
        self._at += 1

    def _string(self) -> str:
        begun = _STRING_BEGUN.match(self._text, self._at)
        end = begun.end() if begun else self._at
        if end == len(self._text) or _ESCAPE_BEGUN.match(self._text, end):
            raise _Fault("cut", len(self._text))
        if self._text[end] != '"':
            raise _Fault("not_json", end)
        start, self._at = self._at, end + 1
        return self._text[start : self._at]

    def _scalar(self) -> None:
        found = _SCALAR.match(self._text, self._at)
        word = found[0] if found else ""
        if word in _NOT_FINITE or _too_large(word):
            self.noted = self.noted or _placed(self._text, self._at, "not_finite")
        elif word not in _LITERALS and not _NUMBER.fullmatch(word):
            last = self._at + len(word) == len(self._text)
            cut = word != "" and last and _is_begun(word)
            raise _Fault("cut", len(self._text)) if cut else _Fault("not_json", self._at)
        self._at += len(word)


def _too_large(word: str) -> bool:
    number = _NUMBER.fullmatch(word)
    if number is None:
        return False
    return len(word.lstrip("-")) > _MOST_DIGITS if number.lastindex is None else math.isinf(float(word))


# --- laying out ------------------------------------------------------------------------------------------------------

_WHOLE = '"{}[],:'
_MARK = re.compile(r'[ \t\n\r]*+("[^"\\]*+(?:\\.[^"\\]*+)*+"|[{}\[\],:]|[^\s{}\[\],:"]+)', re.DOTALL)


def _laid_out_from(text: str) -> int | None:
    """Where the JSON of an answer begins that starts with it, or with a fence around it; None: it does neither."""
    start = _first_letter(text)
    fence = _FENCE.match(text, start)
    start = fence.end() if fence else start
    return start if _JSON_LIKE.match(text, start) else None


def _is_scalar(word: str) -> bool:
    return word in _LITERALS or _NUMBER.fullmatch(word) is not None


def _is_begun(word: str) -> bool:
    """Whether a word at the end of the text may become one of JSON."""
    return bool(_NUMBER_BEGUN.fullmatch(word)) or any(known.startswith(word) for known in _LITERALS)


# --- the words of the source -----------------------------------------------------------------------------------------

# Beyond these a page has no use for marks.
MOST_MARKS = 2000
LONGEST_SOURCE = 200_000
_LONGEST_WORDS = 2000
# Places that turn out to lie inside a word, over all words: "a" stands at each letter of "aaaa".
_MOST_TRIES = 100_000
Span = tuple[int, int]


def source_words(value: Any, text: str) -> dict[str, Span]:
    """Where the strings and numbers of a value stand in the text that they were taken from.

    JSON pointer of the string or number -> (start, end) in characters. A string is looked for as it is, then with any
    case and any blanks between its words; a number with or without thousands separators. The same words twice in the
    value are looked for one after the other. What is not found (a translation, a date in another notation) is left out,
    and so are true, false and null.
    """
    source = _Source(text[:LONGEST_SOURCE])
    found: dict[str, Span] = {}
    for pointer, leaf in islice(_leaves(value), MOST_MARKS):
        place = source.words(leaf) if isinstance(leaf, str) else source.number(leaf)
        if place is not None:
            found[pointer] = place
    return found


def pointer_to(*path: str | int) -> str:
    """The JSON pointer (RFC 6901) of a path of keys and indices; the whole value is the empty one."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in path)


def _leaves(value: Any) -> Iterator[tuple[str, str | int | float]]:
    """The strings and numbers of a value, in its order, each with its JSON pointer."""
    waiting: list[tuple[str, Any]] = [("", value)]
    while waiting:
        pointer, item = waiting.pop()
        if isinstance(item, dict):
            waiting += [(pointer + pointer_to(key), below) for key, below in reversed(item.items())]
        elif isinstance(item, list):
            waiting += [(pointer + pointer_to(index), item[index]) for index in range(len(item) - 1, -1, -1)]
        elif isinstance(item, str | int | float) and not isinstance(item, bool):
            yield pointer, item


class _Source:
    """A text in which words and numbers are looked for, prepared once: each of them is then found fast."""

    def __init__(self, text: str) -> None:
        self._text = text
        # The same in lower case with single blanks, and the offset of each of its characters in the text.
        self._places = [at for at, char in enumerate(text) if not char.isspace() or not text[at - 1 : at].isspace()]
        self._plain = "".join(" " if text[at].isspace() else _lower(text[at]) for at in self._places)
        self._numbers = _numbers_in(text)
        # Where to look on for what was found before.
        self._ends: dict[str, int] = {}
        self._tries = _MOST_TRIES

    def words(self, words: str) -> Span | None:
        if not words.strip() or len(words) > _LONGEST_WORDS:
            return None
        if place := self._found(words, self._text, words):
            return place
        plain = " ".join("".join(map(_lower, words)).split())
        if (found := self._found(plain, self._plain, plain)) is None:
            return None
        return self._places[found[0]], self._places[found[1] - 1] + 1

    def number(self, number: int | float) -> Span | None:
        if isinstance(number, float) and not math.isfinite(number):
            return None
        key = _key(f"{abs(Decimal(repr(number))):f}") if abs(number) < 10**_MOST_DIGITS else ""
        places = self._numbers.get(key)
        if not places:
            return None
        turn = self._ends[key] = self._ends.get(key, -1) + 1
        return places[turn % len(places)]

    def _found(self, words: str, text: str, name: str) -> Span | None:
        """The next place of the words after the last one, or else their first; whole words before parts of others."""
        after = self._ends.get(name, 0)
        # One Korean syllable is a part of many words, and two are often the word itself with an ending.
        rules = (_stands_alone,) if len(words) == 1 else (_stands_alone, _is_whole)
        for stands, start in dict.fromkeys((rule, place) for rule in rules for place in (after, 0)):
            at = text.find(words, start)
            while at >= 0 and not stands(text, at, at + len(words)):
                self._tries -= 1
                at = text.find(words, at + 1) if self._tries > 0 else -1
            if at >= 0:
                self._ends[name] = at + len(words)
                return at, at + len(words)
        return None


def _lower(char: str) -> str:
    lower = char.lower()
    return lower if len(lower) == 1 else char


# What a Korean noun carries: particles, the copula, a title.
_PARTICLES = re.compile(
    "(?:에게서|한테서|으로서|으로써|에게|에서|에는|에도|께서|한테|으로|로서|로써|까지|부터|마다|조차|마저|밖에|보다|처럼|같이|만큼|하고"
    "|입니다|이었다|였다|이에요|예요|이라고|라고|이라는|라는|이지만|지만|이다|이나|이랑|이며|이고|이라|이란|이여|이야|이든|이자"
    "|은|는|이|가|을|를|과|와|의|에|께|로|도|만|나|랑|며|고|라|란|여|야|든|자|아|다|요|인|들|님|씨|군|양|네|쯤|뿐){0,3}(?![가-힣])"
)


def _stands_alone(text: str, start: int, end: int) -> bool:
    """Whether the words are no part of a longer one; Korean ones may carry particles ("형은", but not "형제")."""
    if not _is_whole(text, start, end):
        return False
    if start and _is_korean(text[start]) and _is_korean(text[start - 1]):
        return False
    return not _is_korean(text[end - 1]) or _PARTICLES.match(text, end) is not None


def _is_korean(char: str) -> bool:
    return "가" <= char <= "힣"


def _is_whole(text: str, start: int, end: int) -> bool:
    """Latin words and digits are found whole ("Al" is not in "Also")."""
    return not (_is_latin(text[start - 1 : start] if start else "") and _is_latin(text[start])) and not (
        _is_latin(text[end - 1]) and _is_latin(text[end : end + 1])
    )


def _is_latin(char: str) -> bool:
    return char.isascii() and char.isalnum()


# A date in figures is no number.
_NUMBERS = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}|(?P<grouped>[0-9]{1,3}(?:[,.'\u00a0\u202f][0-9]{3})+)(?![0-9])(?P<decimals>[.,][0-9]+)?"
    r"|[0-9]+(?:[.,][0-9]+)?"
)


def _numbers_in(text: str) -> dict[str, list[Span]]:
    """The numbers of a text by what they mean; "1.234" may mean two."""
    found: dict[str, list[Span]] = {}
    for number in _NUMBERS.finditer(text):
        meant = {_key(number[0].replace(",", "."))} if re.fullmatch(r"[0-9]+(?:[.,][0-9]+)?", number[0]) else set()
        if number["grouped"]:
            whole = re.sub(r"[^0-9]", "", number["grouped"])
            meant.add(_key(whole + (number["decimals"] or "").replace(",", ".")))
        for key in meant:
            found.setdefault(key, []).append(number.span())
    return found


def _key(digits: str) -> str:
    """A number's digits in one notation: "007.50" as "7.5"."""
    whole, _, fraction = digits.partition(".")
    return f"{whole.lstrip('0') or '0'}.{fraction.rstrip('0')}"
