"""ChatRequest -> request body, and the body as curl and as Python. Pure, and the only place with OpenAI-shaped
dicts."""

import json
import re
import shlex
from dataclasses import dataclass, fields
from typing import Any

from chat_core import models
from chat_core.events import Adjustment
from chat_core.images import as_data_url
from chat_core.messages import ImagePart, Message, Part, RemoteImage, TextFile, TextPart, system
from chat_core.request import ChatRequest, JsonObject, JsonSchema, Options, ResponseFormat, SentMessages

# The API refuses JSON mode unless the word stands somewhere in the messages, and without an instruction a model may
# emit blanks without end (guide "Structured outputs", section JSON mode).
JSON_SENTENCE = "Answer with one valid JSON object and nothing else."


_BASE64_URL = re.compile(r"data:[\w/+.-]+;base64,")


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A body that is ready to be sent, and what in it is not as it was asked for."""

    body: dict[str, Any]
    adjustments: tuple[Adjustment, ...] = ()


def build(request: ChatRequest) -> Outgoing:
    """The body of one request: what nobody touched is not in it, and what the model does not take is left out and
    told."""
    sent = request.sent
    adjustments = _of_pictures(sent)
    messages = list(sent.messages)
    if request.persona.strip():
        messages.insert(0, system(request.persona))
    if isinstance(request.response_format, JsonObject) and not _speaks_of_json(messages):
        messages = _with_json_sentence(messages)
        adjustments.append(Adjustment("messages", "json_word_added", JSON_SENTENCE))
    body: dict[str, Any] = {"model": request.model, "messages": [_message(message) for message in messages]}
    options, left_out = _options(request)
    adjustments += left_out
    body |= options
    if request.response_format is not None:
        body["response_format"] = _response_format(request.response_format)
    if request.stream:
        body |= {"stream": True, "stream_options": {"include_usage": True}}
    return Outgoing(_clean(body), tuple(adjustments))


def _of_pictures(sent: SentMessages) -> list[Adjustment]:
    adjustments: list[Adjustment] = []
    if sent.left_out:
        adjustments.append(Adjustment("messages", "old_pictures_left_out", str(sent.left_out)))
    if sent.refused:
        adjustments.append(Adjustment("detail", "not_taken_by_model", json.dumps(sent.refused)))
    return adjustments


def without(outgoing: Outgoing, parameter: str) -> Outgoing | None:
    """The body after a server has refused a parameter; None where leaving it out would change what was asked.

    ``max_completion_tokens`` goes on under its older name, which servers behind the times know.  ``top_logprobs`` goes
    with ``logprobs``, without which it is refused.
    """
    name = parameter.split(".")[0].split("[")[0]
    if name not in outgoing.body or name in ("model", "messages", "stream"):
        return None
    if name == "response_format" and outgoing.body[name]["type"] == "json_schema":
        # The schema stands nowhere else: without it an answer of any shape would come, and be paid for.
        return None
    gone = [name, *(["top_logprobs"] if name == "logprobs" and "top_logprobs" in outgoing.body else [])]
    body = {key: value for key, value in outgoing.body.items() if key not in gone}
    reason = "refused_by_server"
    if name == "max_completion_tokens":
        body["max_tokens"] = outgoing.body[name]
        reason = "renamed_max_tokens"
    told = [Adjustment(each, reason, json.dumps(outgoing.body[each], ensure_ascii=False)) for each in gone]
    return Outgoing(body, (*outgoing.adjustments, *told))


def shortened(body: Any, *, longest: int = 60) -> Any:
    """The body for showing: base64 is cut to its beginning, with its length told."""
    if isinstance(body, dict):
        return {key: shortened(value, longest=longest) for key, value in body.items()}
    if isinstance(body, list):
        return [shortened(value, longest=longest) for value in body]
    if isinstance(body, str) and len(body) > 2 * longest and _BASE64_URL.match(body):
        return f"{body[:longest]}… ({len(body):,} characters)"
    return body


def as_curl(body: dict[str, Any], base_url: str) -> str:
    """A shell command that sends exactly this body. The key is taken from the environment, never written out.

    The body goes in through a quoted here-document: no quoting of its own, and no limit on the length of a command
    line. JSON text holds no raw line end inside a string, so no line of it can be the closing word.
    """
    return (
        f"curl {shlex.quote(base_url + '/chat/completions')} \\\n"
        '  -H "Content-Type: application/json" \\\n'
        '  -H "Authorization: Bearer $OPENAI_API_KEY" \\\n'
        f"  {'--no-buffer ' if body.get('stream') else ''}--data-binary @- <<'JSON'\n"
        f"{json.dumps(body, ensure_ascii=False, indent=2)}\n"
        "JSON\n"
    )


def as_python(body: dict[str, Any], base_url: str) -> str:
    """A Python script that sends exactly this body with the ``openai`` package; the key is read from the
    environment."""
    arguments = "".join(f"    {name}={python_literal(value)},\n" for name, value in body.items())
    head = (
        "import os\n\n"
        "from openai import OpenAI\n\n"
        f'client = OpenAI(base_url={base_url!r}, api_key=os.environ.get("OPENAI_API_KEY") or "not-needed")\n'
    )
    if body.get("stream"):
        return (
            f"{head}stream = client.chat.completions.create(\n{arguments})\n"
            "for chunk in stream:\n"
            "    if chunk.choices and chunk.choices[0].delta.content:\n"
            '        print(chunk.choices[0].delta.content, end="", flush=True)\n'
            "    if chunk.usage:\n"
            '        print("\\n", chunk.usage)\n'
        )
    return (
        f"{head}completion = client.chat.completions.create(\n{arguments})\n"
        "print(completion.choices[0].message.content)\n"
        "print(completion.usage)\n"
    )


class Expression(str):
    """Python source that stands for itself among values that are written out."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def python_literal(value: Any, depth: int = 1) -> str:
    """A value as indented Python source: JSON's layout, with Python's own words for true, false and null."""
    if not isinstance(value, dict | list) or not value:
        return repr(value)
    pairs = (
        [(f"{key!r}: ", item) for key, item in value.items()] if isinstance(value, dict) else [("", v) for v in value]
    )
    pad = "    " * (depth + 1)
    lines = "".join(f"{pad}{label}{python_literal(item, depth + 1)},\n" for label, item in pairs)
    opening, closing = "{}" if isinstance(value, dict) else "[]"
    return f"{opening}\n{lines}{'    ' * depth}{closing}"


def _clean(value: Any) -> Any:
    """The body without lone surrogates, which UTF-8 cannot carry."""
    if isinstance(value, dict):
        return {key: _clean(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_clean(item) for item in value]
    # ASCII, as all base64 is, can hold none; checking that costs nothing.
    if isinstance(value, str) and not value.isascii():
        return value.encode("utf-8", "replace").decode("utf-8")
    return value


def _speaks_of_json(messages: list[Message]) -> bool:
    return any("json" in _plain(part).lower() for message in messages for part in message.parts)


def _plain(part: Part) -> str:
    match part:
        case TextPart(text):
            return text
        case TextFile():
            return part.rendered
        case _:
            return ""


def _with_json_sentence(messages: list[Message]) -> list[Message]:
    """The persona with the sentence after it; where there is none, the sentence as a system message of its own."""
    if messages and messages[0].role == "system":
        return [system(f"{messages[0].text}\n\n{JSON_SENTENCE}", name=messages[0].name), *messages[1:]]
    return [system(JSON_SENTENCE), *messages]


def _message(message: Message) -> dict[str, Any]:
    wire: dict[str, Any] = {"role": message.role, "content": _content(message.parts)}
    if message.name:
        wire["name"] = message.name
    return wire


def _content(parts: tuple[Part, ...]) -> str | list[dict[str, Any]]:
    """A plain string where there is text alone, for there are servers that take nothing else; else a list of parts."""
    if not any(isinstance(part, ImagePart | RemoteImage) for part in parts):
        return "\n\n".join(_plain(part) for part in parts)
    return [_part(part) for part in parts]


def _part(part: Part) -> dict[str, Any]:
    match part:
        case TextPart() | TextFile():
            return {"type": "text", "text": _plain(part)}
        case ImagePart():
            url = as_data_url(part)
        case RemoteImage():
            url = part.url
    image: dict[str, Any] = {"url": url}
    if part.detail is not None:
        image["detail"] = part.detail
    return {"type": "image_url", "image_url": image}


def _options(request: ChatRequest) -> tuple[dict[str, Any], list[Adjustment]]:
    profile = models.lookup(request.model)
    asked = {field.name: getattr(request.options, field.name) for field in fields(Options)}
    effort = asked["reasoning_effort"]
    taken: dict[str, Any] = {}
    left_out: list[Adjustment] = []
    for name, value in asked.items():
        if value is None:
            continue
        if reason := profile.refuses(name, effort):
            left_out.append(Adjustment(name, reason, json.dumps(value, ensure_ascii=False)))
        else:
            taken[name] = list(value) if isinstance(value, tuple) else value
    return taken, left_out


def _response_format(response_format: ResponseFormat) -> dict[str, Any]:
    match response_format:
        case JsonObject():
            return {"type": "json_object"}
        case JsonSchema(name, schema, strict):
            return {"type": "json_schema", "json_schema": {"name": name, "schema": schema, "strict": strict}}
