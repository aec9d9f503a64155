"""Answers in JSON: the shape comes from a schema, from an example in the messages, or from what there is to tell.

The values come from the text of the messages or, where the last message holds pictures, from what was measured in them.
"""

import json
import re
from typing import Any

from demo_model.call import AnyJson, Picture, SchemaJson, Turn
from demo_model.errors import ApiError
from demo_model.lazy_regex import lazy_regex
from demo_model.pictures import answers as picture_answers
from demo_model.pictures import as_json as picture_json
from demo_model.pictures import questions as picture_questions
from demo_model.reading import extracting, judging, schema_filling, text_source
from demo_model.reading.fact_source import FactSource
from demo_model.speaker import Speaker, language_of

_DECODER = json.JSONDecoder()
_MOST_TRIES = 50
_LONGEST_EXAMPLE = 20_000
_DEEPEST = 12
_INDENT = 2
"""An answer of several lines grows visibly while it is streamed."""

_KEY = r"[\"'`]?[^\W\d]\w{0,39}[\"'`]?"
_KEY_LIST = lazy_regex(
    r"(?:keys?|fields?|properties|키|필드|항목)\s{0,3}(?:are|:|=|는|은)?\s{0,3}"
    rf"((?:{_KEY}\s{{0,3}},\s{{0,3}}){{1,30}}(?:and )?{_KEY})",
    re.IGNORECASE,
)
_ASK = (
    r"json|extract|parse|fill|classify|analy[sz]e|convert|turn (?:this|the|it)|identify|"
    r"추출|뽑아|정리해|변환|찾아|분석해|분류해|채워|바꿔|답해|만들어"
)
_ASK_FIRST = lazy_regex(rf"^[^\n:：]{{0,200}}?(?:{_ASK})[^\n:：]{{0,160}}(?:[:：]|\n|$)", re.IGNORECASE)
_ASK_LAST = lazy_regex(rf"\n[^\n]{{0,160}}?(?:{_ASK})[^\n]{{0,100}}$", re.IGNORECASE)
_POINTS_BACK = lazy_regex(
    r"\b(?:that|this|it|above|those|them|these)\b|이걸|그걸|이것|그것|위 |위의|앞의|방금|지금까지", re.IGNORECASE
)
_HEAD = lazy_regex(
    r"^\s{0,9}(?:text|input|review|document|article|글|본문|리뷰|문장|내용|텍스트|메모)\s{0,3}[:：]\s{0,3}",
    re.IGNORECASE,
)
_FENCE = lazy_regex(r"^```\w{0,20}$", re.MULTILINE)
_LONGEST_REQUEST = 160
"""Characters up to which a message without a text of its own may be about the text before it."""

_TYPE_WORDS = {
    "string": "string", "str": "string", "text": "string", "문자열": "string", "number": "number", "float": "number",
    "숫자": "number", "integer": "integer", "int": "integer", "정수": "integer", "boolean": "boolean",
    "bool": "boolean", "true/false": "boolean", "true|false": "boolean",
}  # fmt: skip
_CHOICES = lazy_regex(r"[\w가-힣 -]{1,30}(?:\s?[|/]\s?[\w가-힣 -]{1,30}){1,11}")


def answer(turns: tuple[Turn, ...], last: Turn, wanted: AnyJson | SchemaJson | None) -> str:
    """One JSON object. Raises ApiError for a schema of words and numbers that no value can have."""
    try:
        return _answer(turns, last, wanted)
    except (TypeError, ValueError, ArithmeticError) as error:
        if not isinstance(wanted, SchemaJson):
            raise
        # Keywords behind odd references are not looked at before they are used.
        raise ApiError(
            "Invalid schema for response_format: it holds a keyword whose value cannot be used.",
            param="response_format",
        ) from error


def _answer(turns: tuple[Turn, ...], last: Turn, wanted: AnyJson | SchemaJson | None) -> str:
    example, text, borrowed = _example(turns, last)
    schema = (
        wanted.schema if isinstance(wanted, SchemaJson) else _schema_of(example) if example else _keyed(turns, last)
    )
    if example is None and not isinstance(wanted, SchemaJson):
        text = _without_keys(text)
    text = _material(text, turns, last)
    if not text and isinstance(wanted, SchemaJson) and example:
        text = _as_lines(example)
    if pictures := last.looked_at() or (() if text.strip() else _earlier_pictures(turns)):
        value = _of_pictures(schema, pictures, last.text)
    elif schema is not None:
        value = schema_filling.fill(schema, text_source.TextSource(text))
        if _is_blank(value) and borrowed:
            value = text_source.facts(text)
        elif _is_blank(value) and (told := _told_before(turns, last)):
            value = schema_filling.fill(schema, text_source.TextSource(told))
    else:
        value = text_source.facts(text)
    return json.dumps(_finite(value), ensure_ascii=False, indent=_INDENT)


def has_example(text: str) -> bool:
    """Whether a JSON object stands in the text."""
    return _first_object(text) is not None


def _of_pictures(schema: dict[str, Any] | None, pictures: tuple[Picture, ...], question: str) -> Any:
    speaker = Speaker(language_of(question))
    # The keys of an example are no part of what is asked: {"red": 0, "shapes": 0} counts all shapes.
    _, start, end = _first_object(question) or (None, 0, 0)
    asked = picture_questions.read(question[:start] + question[end:])
    facts = picture_json.as_json(pictures, speaker, asked)
    if schema is None:
        return facts
    # The first paragraph describes; what follows says what cannot be done.
    description = picture_answers.answer("", speaker, pictures).first.partition("\n\n")[0]
    described = {**facts, "description": description}
    return schema_filling.fill(schema, FactSource(described))


def _told_before(turns: tuple[Turn, ...], last: Turn) -> str:
    """What the user has written before: with the history sent, it is there to be asked about."""
    told = "\n".join(turn.text for turn in turns if turn.role == "user" and turn is not last)
    return told[-extracting.LONGEST :]


def _is_blank(value: Any) -> bool:
    """Whether nothing was found for any key."""
    if isinstance(value, dict):
        return all(map(_is_blank, value.values()))
    return value in (None, "", 0, False) or value == []


def _earlier_pictures(turns: tuple[Turn, ...]) -> tuple[Picture, ...]:
    return next((turn.looked_at() for turn in reversed(turns) if turn.pictures), ())


# --- the text to read ------------------------------------------------------------------------------------------------


def _material(text: str, turns: tuple[Turn, ...], last: Turn) -> str:
    """The text that is meant: without the request itself; the one before it, if the request only points back."""
    rest = _without_request(text)
    if rest:
        return rest
    if last.pictures:
        return ""
    earlier = [turn.text for turn in turns if turn.role == "user" and turn is not last]
    points_back = not text.strip() or _POINTS_BACK.search(text) is not None
    if len(text) <= _LONGEST_REQUEST and points_back:
        return next(
            (found for each in reversed(earlier) if (found := _without_request(each[: extracting.LONGEST]) or each)),
            text,
        )
    return text


def _without_request(text: str) -> str:
    """The text without a first or last line that asks for JSON; empty: there is nothing else."""
    text = _FENCE.sub("", text).strip()
    if first := _ASK_FIRST.match(text):
        text = text[first.end() :]
    if last := _ASK_LAST.search(text):
        text = text[: last.start()]
    return _HEAD.sub("", text).strip()


def _as_lines(data: Any, label: str = "") -> str:
    """JSON that was sent as data for a schema: a line for each value, with its key."""
    if isinstance(data, dict):
        return "\n".join(_as_lines(inner, str(name)) for name, inner in data.items())
    if isinstance(data, list):
        return "\n".join(_as_lines(inner, label) for inner in data)
    return f"{label}: {data}"


def _without_keys(text: str) -> str:
    found = _KEY_LIST.search(text[:4000])
    return text[: found.start(1)] + "\n" + text[found.end() :] if found else text


def _text_beside(before: str, after: str) -> str:
    """The text that is meant, before or after an example: as a rule it follows on a line of its own."""
    rest_of_line, _, below = after.partition("\n")
    if below.strip(" `\n"):
        return below
    return after if 2 * len(rest_of_line) > len(before) or rest_of_line.startswith((":", ".")) else before


# --- the shape -------------------------------------------------------------------------------------------------------


def _keyed(turns: tuple[Turn, ...], last: Turn) -> dict[str, Any] | None:
    """A schema of the keys that the instructions name ("keys: name, age"); None: they name none."""
    for turn in (last, *turns):
        if turn.role != "assistant" and (found := _KEY_LIST.search(turn.text[:4000])):
            keys = [key for key in re.findall(r"\w+", found.group(1)) if key != "and"]
            return {"type": "object", "properties": {key: {} for key in keys}}
    return None


def _example(turns: tuple[Turn, ...], last: Turn) -> tuple[dict[str, Any] | None, str, bool]:
    """The example of the last message, or of the system prompt, or of an earlier answer; and the text to read.

    The third value tells whether it is an earlier answer's: it may fit no more.
    """
    text = last.text[: extracting.LONGEST]
    if found := _first_object(text):
        value, start, end = found
        return value, _text_beside(text[:start], text[end:]), False
    for turn in reversed(turns):
        if turn.role != "user" and (found := _first_object(turn.text[:_LONGEST_EXAMPLE])):
            return found[0], text, turn.role == "assistant"
    return None, text, False


def _first_object(text: str) -> tuple[dict[str, Any], int, int] | None:
    start = -1
    for _ in range(_MOST_TRIES):
        start = text.find("{", start + 1)
        if start < 0:
            return None
        try:
            value, end = _DECODER.raw_decode(text, start)
        except (ValueError, RecursionError):
            value, end = _loosely(text, start)
        if value:
            return value, start, end
    return None


def _loosely(text: str, start: int) -> tuple[dict[str, Any], int]:
    """An example as people write it: with single quotes, with "..." at the end of a list. Empty: it is none."""
    depth = 0
    for match in re.finditer(r"[{}]", text[start : start + _LONGEST_EXAMPLE]):
        depth += 1 if match.group() == "{" else -1
        if depth == 0:
            whole = text[start : start + match.end()]
            plain = re.sub(r",?\s{0,9}(?:\.\.\.|…)(?=\s{0,9}[\]}])|,(?=\s{0,9}[\]}])", "", whole)
            for candidate in (plain, plain.replace("'", '"')):
                try:
                    value = json.loads(candidate)
                except (ValueError, RecursionError):
                    continue
                return value, start + match.end()
            break
    return {}, start


def _schema_of(example: Any, depth: int = 0) -> dict[str, Any]:
    """The schema that an example stands for: its keys and types; every value may be null."""
    if depth > _DEEPEST:
        return {}
    match example:
        case dict():
            properties = {name: _schema_of(inner, depth + 1) for name, inner in example.items()}
            return {"type": "object", "properties": properties}
        case list():
            return {"type": "array", "items": _schema_of(example[0], depth + 1) if example else {"type": "string"}}
        case bool():
            return {"type": ["boolean", "null"]}
        case int() | float():
            return {"type": ["number", "null"]}
        case str():
            return _schema_of_words(example)
    return {}


def _schema_of_words(example: str) -> dict[str, Any]:
    """An example value in words: the name of a type ("number"), choices ("yes|no"), a sentiment, or any string."""
    plain = example.strip().lower()
    if plain in _TYPE_WORDS:
        return {"type": [_TYPE_WORDS[plain], "null"]}
    if _CHOICES.fullmatch(example.strip()) and (
        "|" in example or " / " in example or not any(map(str.isdigit, example))
    ):
        return {"enum": [choice.strip() for choice in re.split(r"[|/]", example)] + [None]}
    if judging.is_sentiment(plain):
        return {"enum": judging.sentiment_scale(plain)}
    return {"type": ["string", "null"]}


def _finite(value: Any) -> Any:
    """The value without infinities: a schema's constants may hold some, and JSON has none."""
    if isinstance(value, dict):
        return {name: _finite(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_finite(inner) for inner in value]
    return None if isinstance(value, float) and value in (float("inf"), float("-inf")) else value
