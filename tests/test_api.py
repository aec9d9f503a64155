"""The named endpoints through ``gradio_client``, and the doors that a script can rattle at without it."""

import asyncio
import base64
import io
import json
import threading
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from PIL import Image

from chat_core import ImagePart, Message, TextPart, count_tokens, messages
from chat_core.connections import Connection
from chat_core.settings import Clocks, Settings
from chat_core.wire import JSON_SENTENCE
from chat_ui.api import ApiSession
from chat_ui.gates import REFUSED_FILE
from chat_ui.layout import build_app
from chat_ui.texts import t
from tests import scripted_server as play
from tests.scripted_server import Exchange, Script, ScriptedServer

OWNER_KEY = "sk-owner-Q7mJ2nLx9TzKpWvB"
PATIENCE = 60.0
CALM = Clocks(retry_pause=0.01)


@dataclass(frozen=True)
class Stage:
    """A running app and the server that it talks to."""

    address: str
    server: ScriptedServer

    def plays(self, script: Script) -> None:
        """From now on the server plays this; what it got before is forgotten."""
        self.server.script = script
        self.server.requests.clear()
        self.server.asked.clear()

    @property
    def bodies(self) -> list[dict[str, Any]]:
        return [exchange.body for exchange in self.server.requests]

    def client(self, **headers: str) -> Client:
        """A new client, which is a new session."""
        return Client(self.address, verbose=False, analytics_enabled=False, headers=headers or None)


@pytest.fixture(scope="module")
def running() -> Iterator[Stage]:
    with ScriptedServer() as server:
        app = build_app(Settings(clocks=CALM), Connection("custom", server.base_url, OWNER_KEY))
        _, address, _ = app.page.launch(prevent_thread_lock=True, quiet=True, **app.launch_options)
        try:
            yield Stage(address, server)
        finally:
            app.page.close()


@pytest.fixture
def stage(running: Stage) -> Stage:
    running.plays(echo)
    return running


@pytest.fixture(scope="module")
def clients(running: Stage) -> Iterator[dict[str, Client]]:
    """One client a language: to make one is dear, as the whole config comes along."""
    made = {"en": running.client(), "ko": running.client(**{"accept-language": "ko-KR,ko;q=0.9"})}
    yield made
    for client in made.values():
        client.close()


@pytest.fixture
def client(stage: Stage, clients: dict[str, Client]) -> Client:
    """A client with a session of its own."""
    clients["en"].reset_session()
    return clients["en"]


def asked_text(exchange: Exchange) -> str:
    """The text of the last message."""
    content = exchange.body["messages"][-1]["content"]
    return content if isinstance(content, str) else content[-1]["text"]


async def echo(exchange: Exchange) -> None:
    await play.answer("You", " said: ", asked_text(exchange))(exchange)


def user(text: str) -> dict[str, str]:
    return {"role": "user", "content": text}


def assistant(text: str) -> dict[str, str]:
    return {"role": "assistant", "content": text}


# --- /chat ------------------------------------------------------------------------------------------------------------


def test_text_alone_is_enough_and_nothing_else_is_sent(client: Client, stage: Stage) -> None:
    assert client.predict({"text": "hello"}, api_name="/chat") == "You said: hello"
    assert stage.bodies == [
        {
            "model": "scripted-1",
            "messages": [user("hello")],
            "stream": True,
            "stream_options": {"include_usage": True},
        }
    ]
    assert stage.server.requests[0].headers["authorization"] == f"Bearer {OWNER_KEY}"


def test_pictures_and_text_files_go_along_in_one_message(client: Client, stage: Stage, tmp_path: Path) -> None:
    picture, notes = tmp_path / "square.png", tmp_path / "notes.md"
    Image.new("RGB", (30, 20), "teal").save(picture)
    notes.write_text("# Shopping\n- eggs\n", encoding="utf-8")
    files = [handle_file(notes), handle_file(picture)]
    client.predict({"text": "what?", "files": files}, api_name="/chat")
    (message,) = stage.bodies[0]["messages"]
    image, file, text = message["content"]
    data = base64.b64decode(image["image_url"]["url"].partition("base64,")[2])
    assert Image.open(io.BytesIO(data)).size == (30, 20)
    assert file == {"type": "text", "text": "notes.md\n```\n# Shopping\n- eggs\n```"}
    assert text == {"type": "text", "text": "what?"}


def test_outputs_are_the_text_so_far_with_its_indentation(client: Client, stage: Stage) -> None:
    source = "    def f():\n        return {\n            'a': 1,\n        }\n"
    gate = threading.Event()

    async def in_two_parts(exchange: Exchange) -> None:
        await exchange.start()
        await exchange.event(play.chunk(source[:20]))
        await asyncio.to_thread(gate.wait, PATIENCE)
        await exchange.event(play.chunk(source[20:]))
        await exchange.event(play.chunk(finish="stop"))
        await exchange.event("[DONE]")
        await exchange.end()

    stage.plays(in_two_parts)
    job = client.submit({"text": "code"}, api_name="/chat")
    assert next(iter(job)) == source[:20]
    assert not stage.server.requests[0].ended.is_set()
    gate.set()
    assert job.result(timeout=PATIENCE) == source
    outputs = [str(output) for output in job.outputs()]
    assert all(later.startswith(earlier) for earlier, later in pairwise(outputs))


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ({"temperature": 0}, {"temperature": 0}),
        ({"temperature": 1.5, "top_p": 0.9}, {"temperature": 1.5, "top_p": 0.9}),
        ({"max_tokens": 50}, {"max_completion_tokens": 50}),
        ({"seed": 0}, {"seed": 0}),
        ({"stop": "END\nSTOP"}, {"stop": ["END", "STOP"]}),
        ({"reasoning_effort": "low"}, {"reasoning_effort": "low"}),
        ({"model": "other-1"}, {"model": "other-1"}),
        ({"temperature": 9, "top_p": -1, "max_tokens": 0, "reasoning_effort": "utmost"}, {}),
        (
            {"json_mode": True},
            {
                "response_format": {"type": "json_object"},
                "messages": [{"role": "system", "content": JSON_SENTENCE}, user("hello")],
            },
        ),
        ({"persona": "Be terse."}, {"messages": [{"role": "system", "content": "Be terse."}, user("hello")]}),
    ],
    ids=lambda value: next(iter(value), "nothing") if isinstance(value, dict) else str(value),
)
def test_named_parameters_reach_the_wire(
    client: Client, stage: Stage, given: dict[str, Any], sent: dict[str, Any]
) -> None:
    client.predict({"text": "hello"}, **given, api_name="/chat")
    untouched = {
        "model": "scripted-1",
        "messages": [user("hello")],
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    assert stage.bodies == [untouched | sent]


def test_without_streaming_the_answer_comes_whole(client: Client, stage: Stage) -> None:
    assert client.predict({"text": "hello"}, stream=False, api_name="/chat") == "You said: hello"
    assert stage.bodies == [{"model": "scripted-1", "messages": [user("hello")]}]


def test_history_is_that_of_the_session_as_far_as_it_is_asked_for(client: Client, stage: Stage) -> None:
    for text in ("one", "two", "three"):
        client.predict({"text": text}, api_name="/chat")
    client.predict({"text": "four"}, history="none", api_name="/chat")
    client.predict({"text": "five"}, history="last", turns=1, api_name="/chat")
    assert [body["messages"] for body in stage.bodies[2:]] == [
        [user("one"), assistant("You said: one"), user("two"), assistant("You said: two"), user("three")],
        [user("four")],
        [user("four"), assistant("You said: four"), user("five")],
    ]


def test_a_conversation_of_a_client_grows_no_larger_than_may_be_kept() -> None:
    session = ApiSession()
    picture = ImagePart(bytes(10 * 1024 * 1024), "image/png", 10, 10)
    for n in range(5):
        session.keep(Message("user", (picture, TextPart(f"{n}"))), messages.assistant(f"answer {n}"))
    assert [message.text for message in session.messages] == ["answer 2", "3", "answer 3", "4", "answer 4"]
    session.keep(Message("user", (picture,) * 10), messages.assistant("last"))
    assert [message.role for message in session.messages] == ["user", "assistant"]


def test_ten_clients_at_once_see_only_their_own_conversations(stage: Stage) -> None:
    def converse(name: str) -> list[str]:
        client = stage.client()
        try:
            return [client.predict({"text": f"{name} {turn}"}, api_name="/chat") for turn in ("first", "second")]
        finally:
            client.close()

    names = [f"client-{letter}" for letter in "abcdefghij"]
    with ThreadPoolExecutor(len(names)) as threads:
        answers = list(threads.map(converse, names))
    assert answers == [[f"You said: {name} first", f"You said: {name} second"] for name in names]
    seconds = [body["messages"] for body in stage.bodies if len(body["messages"]) > 1]
    expected = [[user(f"{n} first"), assistant(f"You said: {n} first"), user(f"{n} second")] for n in names]
    assert sorted(seconds, key=str) == sorted(expected, key=str)
    assert len(stage.bodies) == 2 * len(names)


def test_one_who_waits_holds_up_nobody(client: Client, stage: Stage) -> None:
    stage.plays(play.in_turn(play.hold_after("Wait"), play.answer("At once.")))
    waiting = client.submit({"text": "slow"}, api_name="/chat")
    assert next(iter(waiting)) == "Wait"
    other = stage.client()
    assert other.predict({"text": "quick"}, api_name="/chat") == "At once."
    assert not stage.server.requests[0].closed.is_set()
    waiting.cancel()
    other.close()


def test_cancelling_closes_the_upstream(client: Client, stage: Stage) -> None:
    stage.plays(play.hold_after("Half"))
    job = client.submit({"text": "tell me"}, api_name="/chat")
    assert next(iter(job)) == "Half"
    job.cancel()
    assert stage.server.requests[0].closed.wait(PATIENCE)
    stage.server.script = echo
    # What was cancelled is no part of the conversation.
    assert client.predict({"text": "next"}, api_name="/chat") == "You said: next"
    assert stage.bodies[-1]["messages"] == [user("next")]


@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize(
    ("script", "title"),
    [
        (play.error(401, f"Incorrect API key: {OWNER_KEY}", "invalid_api_key"), "error.key_refused.title"),
        (play.error(429, "Pay first.", "insufficient_quota"), "error.quota_exceeded.title"),
        (play.cut_after("Half"), "error.stream_cut.title"),
        (play.reply(200, "<html></html>", "text/html"), "error.not_chat_completions.title"),
        (play.raw(f"data: {json.dumps(play.chunk(refusal='No.', finish='stop'))}\n\n", "data: [DONE]\n\n"), None),
    ],
    ids=["401", "quota", "cut", "web page", "refusal"],
)
def test_a_failure_is_an_error_with_our_sentence(
    stage: Stage, clients: dict[str, Client], script: Script, title: str | None, language: Any
) -> None:
    stage.plays(script)
    client = clients[language]
    client.reset_session()
    words = t(language, title) if title else t(language, "note.refusal.text", refusal="No.").partition(":")[0]
    with pytest.raises(AppError) as caught:
        client.predict({"text": "hello"}, api_name="/chat")
    assert words in str(caught.value)
    assert OWNER_KEY[-8:] not in str(caught.value)
    stage.server.script = echo
    assert client.predict({"text": "next"}, api_name="/chat") == "You said: next"
    assert stage.bodies[-1]["messages"] == [user("next")]


def test_an_empty_message_and_a_file_that_is_none_are_refused_in_words(
    client: Client, stage: Stage, tmp_path: Path
) -> None:
    trap = tmp_path / "trap.png"
    trap.write_bytes(b"PK\x03\x04 no picture")
    for nothing in ((), ({"text": "  "},)):
        with pytest.raises(AppError, match=t("en", "chat.nothing_to_send")):
            client.predict(*nothing, api_name="/chat")
    with pytest.raises(AppError, match=r"trap\.png"):
        client.predict({"text": "look", "files": [handle_file(trap)]}, api_name="/chat")
    assert stage.bodies == []


# --- the other endpoints ----------------------------------------------------------------------------------------------


def test_only_five_endpoints_are_public_and_every_control_is_optional(client: Client) -> None:
    api = client.view_api(return_format="dict", print_info=False)
    assert isinstance(api, dict)
    assert set(api["named_endpoints"]) == {"/chat", "/count_tokens", "/describe", "/extract", "/models"}
    assert api["unnamed_endpoints"] == {}
    parameters = api["named_endpoints"]["/chat"]["parameters"]
    assert [each["parameter_name"] for each in parameters if not each["parameter_has_default"]] == []
    assert {each["parameter_name"] for each in parameters} == {
        "message", "model", "persona", "temperature", "json_mode", "history", "turns", "stream", "max_tokens",
        "top_p", "reasoning_effort", "seed", "stop", "picture_links",
        "detail", "sizing", "pictures_kept",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("given", "count"),
    [
        ({"encoding": "cl100k_base"}, 13),
        ({"model": "gpt-4o"}, 10),
        ({}, 10),
    ],
)
def test_tokens_are_counted(client: Client, given: dict[str, str], count: int) -> None:
    text = "아버지가 방에 들어가신다."
    asked: dict[str, Any] = given
    assert client.predict(text, **asked, api_name="/count_tokens") == count == count_tokens(text, **given)


def test_an_unknown_encoding_is_refused_in_words(client: Client) -> None:
    with pytest.raises(AppError, match="no_such"):
        client.predict("text", encoding="no_such", api_name="/count_tokens")


def test_models_are_listed_with_what_is_known_of_them(stage: Stage, client: Client) -> None:
    stage.server.models = [{"id": "gpt-4o-mini"}, {"id": "home-made"}]
    try:
        known, unknown = client.predict(api_name="/models")
    finally:
        stage.server.models = [{"id": "scripted-1"}]
    assert (known["id"], known["context_window"], known["images"]) == ("gpt-4o-mini", 128_000, True)
    assert unknown == {
        "id": "home-made",
        "context_window": None,
        "images": None,
        "shutdown_date": None,
        "input_price": None,
        "output_price": None,
    }


# --- the page's own events --------------------------------------------------------------------------------------------


def test_no_event_has_gradio_mark_much_of_the_page(stage: Stage) -> None:
    """What an event marks as waited for costs time at every piece of every later answer."""
    events = httpx.get(f"{stage.address}config", trust_env=False).json()["dependencies"]
    marked = [each["outputs"] if each["show_progress_on"] is None else each["show_progress_on"] for each in events]
    assert max(map(len, marked)) <= 12


# --- raw requests -----------------------------------------------------------------------------------------------------


class Session:
    """A page's session without a page: events by number, as a browser sends them."""

    def __init__(self, http: httpx.AsyncClient, config: dict[str, Any]) -> None:
        self.http = http
        self.hash = uuid.uuid4().hex
        self._components = {component["id"]: component["props"] for component in config["components"]}
        self._events = config["dependencies"]

    def event(self, listens_to: str, kind: str) -> dict[str, Any]:
        """The first event that an element's action brings about on the server."""
        for event in self._events:
            for target, name in event["targets"]:
                if name == kind and self._elem_id(target) == listens_to and event["backend_fn"]:
                    return event
        raise LookupError(f"{listens_to}.{kind}")

    def streaming(self) -> dict[str, Any]:
        """The event that takes a message and streams its answer."""
        for event in self._events:
            inputs, outputs = ([self._elem_id(part) for part in event[side]] for side in ("inputs", "outputs"))
            if inputs[:2] == ["message-box", "chatbot"] and outputs == ["chatbot"]:
                return event
        raise LookupError("no event streams an answer")

    async def run(self, event: dict[str, Any], **values: Any) -> list[dict[str, Any]]:
        """All that the server says to an event. ``values``: of elements, by id with ``_`` for ``-``; others as they
        are on a fresh page."""
        data = [
            values.get((self._elem_id(part) or "").replace("-", "_"), self._components[part].get("value"))
            for part in event["inputs"]
        ]
        payload = {"fn_index": event["id"], "data": data, "session_hash": self.hash, "event_data": None}
        joined = await self.http.post("/gradio_api/queue/join", json=payload)
        if joined.is_error:
            return [{"msg": "refused", "status": joined.status_code, "text": joined.text}]
        told: list[dict[str, Any]] = []
        async with self.http.stream("GET", "/gradio_api/queue/data", params={"session_hash": self.hash}) as response:
            async for line in response.aiter_lines():
                if line.startswith("data:"):
                    told.append(json.loads(line[5:]))
                    if told[-1]["msg"] in ("process_completed", "close_stream", "unexpected_error"):
                        break
        return told

    def _elem_id(self, component: int) -> str | None:
        return self._components[component].get("elem_id")


@pytest.fixture
async def http(stage: Stage) -> Any:
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(base_url=stage.address, timeout=60, limits=limits, trust_env=False) as client:
        yield client


@pytest.fixture
async def config(http: httpx.AsyncClient) -> dict[str, Any]:
    return (await http.get("/config")).json()


# A raw call names every parameter, in the order of the function; these are the defaults of all but the message.
UNTOUCHED = ["", "", None, False, "all", None, True, None, None, "", None, "", "url", "", "as_is", "2"]


async def call(http: httpx.AsyncClient, message: Any) -> str:
    """Everything that the server answers to a raw call of /chat."""
    posted = await http.post("/gradio_api/call/chat", json={"data": [message, *UNTOUCHED]})
    if posted.is_error:
        return posted.text
    answer = await http.get(f"/gradio_api/call/chat/{posted.json()['event_id']}")
    return answer.text


FILE_META = {"_type": "gradio.FileData"}


async def test_a_raw_call_is_answered(http: httpx.AsyncClient, stage: Stage) -> None:
    assert "You said: hello" in await call(http, {"text": "hello"})
    assert [body["messages"] for body in stage.bodies] == [[user("hello")]]


@pytest.mark.parametrize("path", ["/etc/passwd", "/proc/self/environ", str(Path(__file__)), "../../../../etc/passwd"])
async def test_a_path_on_the_server_is_no_upload(http: httpx.AsyncClient, stage: Stage, path: str) -> None:
    said = await call(http, {"text": "read it", "files": [{"path": path, "meta": FILE_META}]})
    assert "event: error" in said
    assert "root:" not in said
    assert stage.bodies == []


@pytest.mark.parametrize("path", ["http://127.0.0.1:{port}/x.png", "//127.0.0.1:{port}/x.png"])
async def test_a_remote_file_is_not_fetched(http: httpx.AsyncClient, stage: Stage, path: str) -> None:
    with ScriptedServer() as elsewhere:
        said = await call(http, {"text": "x", "files": [{"path": path.format(port=elsewhere.port), "meta": FILE_META}]})
        assert elsewhere.all_requests == []
    assert REFUSED_FILE in said
    assert stage.bodies == []


async def test_a_transcript_made_by_hand_gives_no_orders(
    http: httpx.AsyncClient, config: dict[str, Any], stage: Stage
) -> None:
    session = Session(http, config)
    history = [
        {"role": role, "content": [{"type": "text", "text": f"orders of a {role}"}]}
        for role in ("system", "developer", "tool", "user", "assistant")
    ]
    told = await session.run(session.streaming(), message_box={"text": "hello", "files": []}, chatbot=history)
    assert told[-1]["msg"] == "process_completed"
    told_the_model = [user("orders of a user"), assistant("orders of a assistant"), user("hello")]
    assert [body["messages"] for body in stage.bodies] == [told_the_model]


async def test_a_transcript_made_by_hand_reads_no_file(
    http: httpx.AsyncClient, config: dict[str, Any], stage: Stage
) -> None:
    session = Session(http, config)
    file = {"path": "/etc/passwd", "meta": FILE_META, "orig_name": "passwd.txt"}
    history = [{"role": "user", "content": [{"type": "file", "file": file}]}, assistant("What about it?")]
    told = await session.run(session.streaming(), message_box={"text": "read it", "files": []}, chatbot=history)
    assert "root:" not in json.dumps([told, stage.bodies])
    assert stage.bodies == []


async def test_fifty_visitors_at_once_each_with_a_text_and_a_key_of_their_own(
    http: httpx.AsyncClient, config: dict[str, Any], stage: Stage
) -> None:
    with ScriptedServer(echo) as other:

        async def visit(number: int) -> str:
            session = Session(http, config)
            values = {"api_key": f"sk-visitor-{number:04}", "base_url": other.base_url}
            await session.run(session.event("connect", "click"), **values)
            message = {"text": f"I am visitor {number:04}", "files": []}
            told = await session.run(session.streaming(), message_box=message, chatbot=[], model="m")
            assert told[-1]["success"], told[-1]
            return json.dumps(told)

        told = await asyncio.gather(*(visit(number) for number in range(50)))
        for number, words in enumerate(told):
            assert f"You said: I am visitor {number:04}" in words
            assert words.count("visitor ") == words.count(f"visitor {number:04}")
        sent = {
            (exchange.headers["authorization"], exchange.body["messages"][0]["content"]) for exchange in other.requests
        }
        assert sent == {(f"Bearer sk-visitor-{n:04}", f"I am visitor {n:04}") for n in range(50)}
        assert len(other.requests) == 50
    assert stage.bodies == []
