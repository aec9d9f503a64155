"""The request body, field by field, and the same request as curl and as Python, run as they are."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path

import pytest

from chat_core import (
    Adjustment,
    ChatRequest,
    ImagePart,
    JsonObject,
    JsonSchema,
    Message,
    Options,
    RemoteImage,
    TextFile,
    assistant,
    system,
    user,
)
from chat_core.wire import JSON_SENTENCE, Outgoing, as_curl, as_python, build, shortened, without
from tests.scripted_server import ScriptedServer

KEY = "sk-test-1234567890abcdef"
RED = ImagePart(b"red", "image/png", 1, 1, "red.png")
BLUE = ImagePart(b"blue", "image/jpeg", 1, 1, "blue.jpg", detail="low")
CAT = RemoteImage("https://example.com/cat.png")
RED_URL, BLUE_URL = "data:image/png;base64,cmVk", "data:image/jpeg;base64,Ymx1ZQ=="
STREAMED = {"stream": True, "stream_options": {"include_usage": True}}


def image(url: str, **detail: str) -> dict:
    return {"type": "image_url", "image_url": {"url": url} | detail}


def text(words: str) -> dict:
    return {"type": "text", "text": words}


def request(*messages: Message, model: str = "scripted-1", **fields) -> ChatRequest:
    return ChatRequest(model, messages or (user("Hi"),), **fields)


# --- messages --------------------------------------------------------------------------------------------------------


def test_untouched_request_has_four_fields() -> None:
    messages = [{"role": "user", "content": "Hi"}]
    assert build(request()) == Outgoing({"model": "scripted-1", "messages": messages} | STREAMED)


def test_without_streaming_neither_of_its_fields_is_sent() -> None:
    assert set(build(request(stream=False)).body) == {"model", "messages"}


@pytest.mark.parametrize(
    ("message", "content"),
    [
        (user("Hi"), "Hi"),
        (user(""), ""),
        (user(TextFile("a.csv", "x,y\n1,2\n"), "What is it?"), "a.csv\n```\nx,y\n1,2\n```\n\nWhat is it?"),
        (user(TextFile("a.md", "```py\n1\n```")), "a.md\n````\n```py\n1\n```\n````"),
        (user(RED), [image(RED_URL)]),
        (user(RED, BLUE, "Compare."), [image(RED_URL), image(BLUE_URL, detail="low"), text("Compare.")]),
        (user(BLUE, RED, "Compare."), [image(BLUE_URL, detail="low"), image(RED_URL), text("Compare.")]),
        (
            user(RED, TextFile("a.txt", "x"), "Both?"),
            [image(RED_URL), text("a.txt\n```\nx\n```"), text("Both?")],
        ),
        (
            user("Is ", CAT, " a cat?"),
            [text("Is "), image("https://example.com/cat.png"), text(" a cat?")],
        ),
        (user(RemoteImage("https://example.com/a.png", "high")), [image("https://example.com/a.png", detail="high")]),
        (assistant("A cat."), "A cat."),
        (system("Be kind."), "Be kind."),
    ],
)
def test_content(message: Message, content: object) -> None:
    assert build(request(message)).body["messages"] == [{"role": message.role, "content": content}]


def test_names_of_people_go_along() -> None:
    messages = build(request(user("Hi", name="ann"), assistant("Ho", name="bot"))).body["messages"]
    assert [message.get("name") for message in messages] == ["ann", "bot"]


def test_a_message_in_history_is_what_it_was_when_it_was_sent() -> None:
    question = user(RED, TextFile("a.txt", "x"), "Is ", CAT, " it?")
    first = build(request(question)).body["messages"]
    second = build(request(question, assistant("Yes."), user("Sure?"))).body["messages"]
    assert second[:1] == first


@pytest.mark.parametrize(
    ("persona", "first"), [("Be kind.", "system"), ("  Be kind.\n", "system"), ("", "user"), (" \n", "user")]
)
def test_persona_goes_before_the_messages(persona: str, first: str) -> None:
    messages = build(request(user("a"), assistant("b"), user("c"), persona=persona)).body["messages"]
    assert messages[0]["role"] == first
    assert [message["role"] for message in messages[-3:]] == ["user", "assistant", "user"]
    if first == "system":
        assert messages[0]["content"] == persona


@pytest.mark.parametrize(
    "odd",
    [
        request(user("a\ud800b")),
        request(user(TextFile("a\udfff.txt", "\ud83d"))),
        request(user(RED, "\ud800")),
        request(persona="\udc00 be kind"),
        request(user("a", name="\ud800")),
        request(model="m\ud800"),
        request(options=Options(stop=("\ud800",))),
    ],
    ids=["text", "file", "beside a picture", "persona", "name", "model", "stop"],
)
def test_lone_surrogates_never_reach_the_wire(odd: ChatRequest) -> None:
    json.dumps(build(odd).body, ensure_ascii=False).encode("utf-8")


# --- response formats ------------------------------------------------------------------------------------------------

SCHEMA = {"type": "object", "properties": {"a": {"type": "integer"}}}


@pytest.mark.parametrize(
    ("asked", "sent"),
    [
        (JsonObject(), {"type": "json_object"}),
        (
            JsonSchema("thing", SCHEMA),
            {"type": "json_schema", "json_schema": {"name": "thing", "schema": SCHEMA, "strict": True}},
        ),
        (
            JsonSchema("thing", SCHEMA, strict=False),
            {"type": "json_schema", "json_schema": {"name": "thing", "schema": SCHEMA, "strict": False}},
        ),
    ],
)
def test_response_format(asked: JsonObject | JsonSchema, sent: dict) -> None:
    assert build(request(response_format=asked)).body["response_format"] == sent


ADDED = (Adjustment("messages", "json_word_added", JSON_SENTENCE),)


@pytest.mark.parametrize(
    ("messages", "persona", "system_text"),
    [
        ((user("People?"),), "", JSON_SENTENCE),
        ((user("People?"),), "Be brief.", f"Be brief.\n\n{JSON_SENTENCE}"),
        ((system("Be brief."), user("People?")), "", f"Be brief.\n\n{JSON_SENTENCE}"),
        ((user(RED),), "", JSON_SENTENCE),
        ((user(RemoteImage("https://example.com/json.png")),), "", JSON_SENTENCE),
    ],
)
def test_json_mode_adds_the_word_and_says_so(messages: tuple[Message, ...], persona: str, system_text: str) -> None:
    outgoing = build(request(*messages, persona=persona, response_format=JsonObject()))
    assert outgoing.adjustments == ADDED
    assert outgoing.body["messages"][0] == {"role": "system", "content": system_text}
    assert [message["role"] for message in outgoing.body["messages"]] == ["system", "user"]


@pytest.mark.parametrize(
    ("messages", "persona"),
    [
        ((user("People as JSON?"),), ""),
        ((user("people as json, please"),), ""),
        ((user("People?"),), "Answer in Json."),
        ((user("JSON이 뭐야?"), assistant("b"), user("c")), ""),
        ((user("a"), assistant('{"b": "json"}'), user("c")), ""),
        ((user(TextFile("data.json", "{}"), "Which?"),), ""),
    ],
)
def test_json_mode_adds_nothing_where_the_word_stands(messages: tuple[Message, ...], persona: str) -> None:
    asked = request(*messages, persona=persona)
    outgoing = build(request(*messages, persona=persona, response_format=JsonObject()))
    assert outgoing.adjustments == ()
    assert outgoing.body["messages"] == build(asked).body["messages"]


def test_a_schema_needs_no_word() -> None:
    outgoing = build(request(response_format=JsonSchema("thing", SCHEMA)))
    assert outgoing.adjustments == ()
    assert len(outgoing.body["messages"]) == 1


# --- options ---------------------------------------------------------------------------------------------------------

EVERYTHING = {
    "temperature": 0.2,
    "top_p": 0.5,
    "n": 2,
    "stop": ("a", "b"),
    "max_completion_tokens": 5,
    "presence_penalty": 0.1,
    "frequency_penalty": -0.1,
    "logprobs": True,
    "top_logprobs": 3,
    "logit_bias": {"1": 5},
    "seed": 0,
    "verbosity": "low",
}
SAMPLING = {"temperature", "top_p", "logprobs", "top_logprobs"}
NEVER_REASONING = {"stop", "presence_penalty", "frequency_penalty", "logit_bias"}


def table(**reasons: set[str]) -> dict[str, str]:
    return {name: reason for reason, names in reasons.items() for name in names}


@pytest.mark.parametrize(
    ("model", "effort", "left_out"),
    [
        ("unheard-of", None, {}),
        ("unheard-of", "high", {}),
        ("gpt-4o", None, {}),
        ("gpt-4o", "low", {"reasoning_effort": "not_taken_by_model"}),
        ("gpt-5", None, table(not_taken_by_model=SAMPLING | NEVER_REASONING)),
        ("gpt-5", "low", table(not_taken_by_model=SAMPLING | NEVER_REASONING)),
        (
            "gpt-5",
            "none",
            table(not_taken_by_model=SAMPLING | NEVER_REASONING, effort_not_supported={"reasoning_effort"}),
        ),
        ("gpt-5.4-mini", None, table(not_taken_by_model=NEVER_REASONING)),
        ("gpt-5.4-mini", "none", table(not_taken_by_model=NEVER_REASONING)),
        ("gpt-5.4-mini", "low", table(not_taken_by_model=NEVER_REASONING, only_with_effort_none=SAMPLING)),
        (
            "openai/gpt-5.4-mini-2026-03-17",
            "high",
            table(not_taken_by_model=NEVER_REASONING, only_with_effort_none=SAMPLING),
        ),
        # An effort that is not sent is not in force: the model's default is.
        (
            "gpt-5.4-mini",
            "minimal",
            table(not_taken_by_model=NEVER_REASONING, effort_not_supported={"reasoning_effort"}),
        ),
    ],
)
def test_what_a_model_does_not_take_is_left_out_and_told(model: str, effort, left_out: dict[str, str]) -> None:
    asked = EVERYTHING | ({"reasoning_effort": effort} if effort else {})
    outgoing = build(request(model=model, options=Options(**asked)))
    assert {adjustment.parameter: adjustment.reason for adjustment in outgoing.adjustments} == left_out
    sent = {name: value for name, value in outgoing.body.items() if name not in ("model", "messages", *STREAMED)}
    on_the_wire = asked | {"stop": ["a", "b"]}
    assert sent == {name: value for name, value in on_the_wire.items() if name not in left_out}
    assert {adjustment.parameter: json.loads(adjustment.value) for adjustment in outgoing.adjustments} == {
        name: on_the_wire[name] for name in left_out
    }


def test_zero_and_false_are_touched_values() -> None:
    body = build(request(options=Options(temperature=0, seed=0, logprobs=False, presence_penalty=0.0))).body
    assert (body["temperature"], body["seed"], body["logprobs"], body["presence_penalty"]) == (0, 0, False, 0.0)


BODY = {
    "model": "m",
    "messages": [{"role": "user", "content": "Hi"}],
    "temperature": 0.2,
    "max_completion_tokens": 5,
    "stop": ["a"],
    "response_format": {"type": "json_object"},
} | STREAMED


@pytest.mark.parametrize(
    ("refused", "name", "reason", "value"),
    [
        ("temperature", "temperature", "refused_by_server", "0.2"),
        ("stream_options.include_usage", "stream_options", "refused_by_server", '{"include_usage": true}'),
        ("stop[0]", "stop", "refused_by_server", '["a"]'),
        ("response_format", "response_format", "refused_by_server", '{"type": "json_object"}'),
        ("max_completion_tokens", "max_completion_tokens", "renamed_max_tokens", "5"),
    ],
)
def test_without(refused: str, name: str, reason: str, value: str) -> None:
    before = deepcopy(BODY)
    smaller = without(Outgoing(BODY, ADDED), refused)
    assert smaller is not None
    assert smaller.adjustments == (*ADDED, Adjustment(name, reason, value))
    renamed = {"max_tokens": 5} if name == "max_completion_tokens" else {}
    assert smaller.body == {key: item for key, item in BODY.items() if key != name} | renamed
    assert before == BODY


@pytest.mark.parametrize("refused", ["model", "messages", "messages[0].content", "stream", "seed", "", "no_such"])
def test_without_what_cannot_be_left_out(refused: str) -> None:
    assert without(Outgoing(BODY), refused) is None


def test_the_number_of_alternatives_goes_with_the_logprobs() -> None:
    smaller = without(Outgoing({**BODY, "logprobs": True, "top_logprobs": 3}), "logprobs")
    assert smaller == Outgoing(
        BODY,
        (
            Adjustment("logprobs", "refused_by_server", "true"),
            Adjustment("top_logprobs", "refused_by_server", "3"),
        ),
    )


def test_a_schema_is_not_left_out_for_an_answer_of_any_shape() -> None:
    body = build(request(response_format=JsonSchema("thing", SCHEMA))).body
    assert without(Outgoing(body), "response_format") is None


# --- for showing -----------------------------------------------------------------------------------------------------


def test_shortened_cuts_pictures_and_nothing_else() -> None:
    picture = ImagePart(bytes(30_000), "image/png", 1, 1)
    words = "long words " * 500
    body = build(request(user(picture, CAT, words), persona=words)).body
    before = deepcopy(body)
    short = shortened(body)
    url = short["messages"][1]["content"][0]["image_url"]["url"]
    assert url.startswith("data:image/png;base64,AAAA")
    assert url.endswith("… (40,022 characters)")
    assert len(url) < 100
    short["messages"][1]["content"][0] = body["messages"][1]["content"][0]
    assert short == body == before


@pytest.mark.parametrize(
    "words", ["data: " + "1, 2, 3, " * 50, "data:image/png is how such a URL begins. " * 5, "data:" + "x" * 500]
)
def test_shortened_leaves_words_that_look_like_a_picture(words: str) -> None:
    body = build(request(user(words))).body
    assert shortened(body) == body


# --- the same as code ------------------------------------------------------------------------------------------------

HOSTILE = {
    "quotes": 'it\'s "quoted" \'\'\'three\'\'\' """three"""',
    "backslashes": "C:\\new\\temp \\u0041 \\ \\\\ \\'",
    "closing words": "\nJSON\nEOF\n'EOF'\nJSON",
    "shell": "$HOME ${PATH} $(id) `id` !! ; rm -rf ~ && | > < * ? %s \\$X",
    "lines": "a\nb\r\nc\rd\te\x0b\x0c",
    "separators": "a\u2028b\u2029c\u0085d\x7fe\x01f\x00g",
    "scripts": "한글 日本語 🙂👩‍👩‍👧 e\u0301 \u202eabc\u202c \ufeff",
    "braces": "{name} {} {{}} %(x)s #{y} f'{1}'",
    "curl": "@/etc/passwd",
    "blank": " ",
}
MANY_OPTIONS = Options(
    temperature=0.7,
    top_p=1.0,
    n=1,
    stop=("'", "\n", "\\"),
    max_completion_tokens=9,
    logprobs=False,
    logit_bias={"50256": -100},
    seed=0,
    reasoning_effort="low",
)


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as running:
        yield running


def run(command: list[str], folder: Path, **env: str) -> str:
    """What a program prints; it sees nothing of our environment but the path, and must end well."""
    env = {"PATH": os.environ["PATH"], "HOME": str(folder)} | env
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode()


def run_curl(script: str, folder: Path, **env: str) -> str:
    assert shutil.which("curl"), "curl is not installed: sudo apt-get install curl"
    path = folder / "request.sh"
    path.write_text(script, encoding="utf-8", newline="")
    return run(["bash", str(path)], folder, **env)


def run_python(script: str, folder: Path, **env: str) -> str:
    path = folder / "request.py"
    path.write_text(script, encoding="utf-8", newline="")
    return run([sys.executable, str(path)], folder, **env)


def everything(*, stream: bool) -> dict:
    """A body with all that is hostile in it, and a picture of 300 kB."""
    picture = ImagePart(bytes(range(256)) * 900, "image/png", 1, 1)
    return build(
        request(
            user(picture, TextFile("it's.py", HOSTILE["shell"]), *HOSTILE.values()),
            assistant("".join(HOSTILE.values())),
            user("JSON?", name="ann"),
            persona="\n".join(HOSTILE.values()),
            options=MANY_OPTIONS,
            response_format=JsonSchema("it", {"enum": list(HOSTILE.values()), "default": None, "x": [[], {}, [1.5]]}),
            stream=stream,
        )
    ).body


@pytest.mark.parametrize("name", HOSTILE)
def test_curl_sends_the_same_body(server: ScriptedServer, tmp_path: Path, name: str) -> None:
    body = build(request(user(HOSTILE[name]), persona=HOSTILE[name])).body
    run_curl(as_curl(body, server.base_url), tmp_path)
    assert [exchange.body for exchange in server.requests] == [body]


@pytest.mark.parametrize("stream", [True, False], ids=["streamed", "whole"])
@pytest.mark.parametrize(
    ("as_code", "run_code"), [(as_curl, run_curl), (as_python, run_python)], ids=["curl", "python"]
)
def test_code_sends_the_same_request(server: ScriptedServer, tmp_path: Path, as_code, run_code, stream: bool) -> None:
    body = everything(stream=stream)
    code = as_code(body, server.base_url)
    printed = run_code(code, tmp_path, OPENAI_API_KEY=KEY)
    (sent,) = server.requests
    assert sent.body == body
    assert (sent.method, sent.path) == ("POST", "/v1/chat/completions")
    assert sent.headers["content-type"] == "application/json"
    assert sent.headers["authorization"] == f"Bearer {KEY}"
    assert KEY not in code
    # Both show the answer: curl as it comes, Python its text and its usage.
    assert ("Hello" if as_code is as_curl else "Hello there.") in printed
    assert "15" in printed


def test_python_code_needs_no_key(server: ScriptedServer, tmp_path: Path) -> None:
    body = build(request()).body
    run_python(as_python(body, server.base_url), tmp_path)
    assert server.requests[0].body == body


def test_curl_takes_an_address_as_it_is(server: ScriptedServer, tmp_path: Path) -> None:
    run_curl(as_curl(build(request()).body, f"{server.base_url}/it's$HOME"), tmp_path)
    assert server.requests[0].path == "/v1/it's$HOME/chat/completions"
