"""What a server offers, and which servers are on this machine: asked of real ones, proper and odd."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from chat_core import ChatError, Connection
from chat_core.connections import PLACEHOLDER_KEY
from chat_core.discovery import LOCAL_PORTS, describe_model, find_local, first_model, list_models
from chat_core.errors import TimedOut
from chat_core.provider import fetch_models
from tests import scripted_server as play
from tests.scripted_server import Exchange, Script, ScriptedServer

pytestmark = pytest.mark.usefixtures("closed_pools")

KEY = "sk-test-1234567890abcdef"


class ListServer(ScriptedServer):
    """Answers ``/models`` by a script, as anything that listens on a port may."""

    def __init__(self, models_script: Script) -> None:
        super().__init__()
        self._own_script = models_script

    def _models_script(self) -> Script:
        return self._own_script


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as running:
        yield running


def connection(server: ScriptedServer, **fields: Any) -> Connection:
    defaults: dict[str, Any] = {"kind": "custom", "base_url": server.base_url, "api_key": KEY}
    return Connection(**defaults | fields)


async def silent(_: Exchange) -> None:
    await asyncio.Event().wait()


# --- /models ---------------------------------------------------------------------------------------------------------


async def test_models_come_in_the_servers_order_with_what_is_known(server: ScriptedServer) -> None:
    server.models = [{"id": "zeta"}, {"id": "gpt-4o"}, {"id": "gpt-5.4-mini"}]
    zeta, gpt_4o, mini = await list_models(connection(server))
    assert [model.id for model in (zeta, gpt_4o, mini)] == ["zeta", "gpt-4o", "gpt-5.4-mini"]
    assert (zeta.profile.known, zeta.price, zeta.shutdown) == (False, None, None)
    assert gpt_4o.profile.images is True
    assert gpt_4o.price is not None
    assert (gpt_4o.price.input, gpt_4o.price.output) == (Decimal("2.5"), Decimal(10))
    assert mini.shutdown is None
    assert server.all_requests[0].headers["authorization"] == f"Bearer {KEY}"


CATALOGUE_DATE = date(2027, 1, 14)


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ({"shutdown_date": "2026-12-25"}, date(2026, 12, 25)),
        ({"shutdown_date": "2028-02-29T00:00:00Z"}, date(2028, 2, 29)),
        ({}, CATALOGUE_DATE),
        ({"shutdown_date": None}, CATALOGUE_DATE),
        ({"shutdown_date": ""}, CATALOGUE_DATE),
        ({"shutdown_date": "soon"}, CATALOGUE_DATE),
        ({"shutdown_date": "2026-13-45"}, CATALOGUE_DATE),
        ({"shutdown_date": 1798761600}, CATALOGUE_DATE),
        ({"shutdown_date": ["2026-12-25"]}, CATALOGUE_DATE),
    ],
)
async def test_the_servers_own_shutdown_date_comes_first(
    server: ScriptedServer, sent: dict[str, Any], shown: date
) -> None:
    server.models = [{"id": "gpt-4o"} | sent]
    (model,) = await list_models(connection(server))
    assert model.shutdown == shown


@pytest.mark.parametrize(
    ("entries", "ids"),
    [
        ([], []),
        ([{"id": "a"}, {"id": "b", "owned_by": None, "more": [1]}], ["a", "b"]),
        ([None, "x", 5, [], {}, {"id": None}, {"id": 5}, {"object": "model"}, {"id": "ok"}], ["ok"]),
    ],
)
async def test_odd_entries_are_passed_over(server: ScriptedServer, entries: list[Any], ids: list[str]) -> None:
    server.models = entries
    assert [model.id for model in await list_models(connection(server))] == ids


ODD_BODIES = {
    "page": (play.reply(200, "<html>Welcome</html>", "text/html"), "not_chat_completions"),
    "empty": (play.reply(200, ""), "not_chat_completions"),
    "list": (play.reply(200, [{"id": "a"}]), "not_chat_completions"),
    "no data": (play.reply(200, {"models": [{"id": "a"}]}), "not_chat_completions"),
    "null data": (play.reply(200, {"object": "list", "data": None}), "not_chat_completions"),
    "data is a text": (play.reply(200, {"data": "abc"}), "not_chat_completions"),
    "null": (play.reply(200, "null"), "not_chat_completions"),
    "half": (play.reply(200, '{"data": [{"id": "a"'), "not_chat_completions"),
    "deep": (play.reply(200, '{"data": ' + "[" * 100_000), "not_chat_completions"),
    "bad bytes": (play.reply(200, b'{"data": [{"id": "\xff\xfe'), "not_chat_completions"),
    "404": (play.reply(404, {"error": {"message": "Not found"}}), "endpoint_not_found"),
    "404 page": (play.reply(404, "<html>Not here</html>", "text/html"), "endpoint_not_found"),
    "redirect": (play.reply(302, "", location="http://127.0.0.1:1/"), "endpoint_not_found"),
    "401": (play.error(401, f"Incorrect API key provided: {KEY}", "invalid_api_key"), "key_refused"),
    "500": (play.error(500, "boom"), "server_failed"),
    "cut": (play.cut_after(), "unreachable"),
}


@pytest.mark.parametrize("name", ODD_BODIES)
async def test_servers_without_a_list(name: str) -> None:
    script, kind = ODD_BODIES[name]
    with ListServer(script) as server:
        with pytest.raises(ChatError) as caught:
            await list_models(connection(server))
        assert caught.value.kind == kind
        assert KEY not in f"{caught.value} {caught.value.server_words}"


async def test_a_silent_server_is_not_waited_for() -> None:
    with ListServer(silent) as server:
        with pytest.raises(TimedOut) as caught:
            await fetch_models(connection(server), seconds=0.2)
        assert caught.value.fields == {"clock": "models", "seconds": 0.2}


async def test_what_is_free_has_no_price(server: ScriptedServer) -> None:
    server.models = [{"id": "gpt-4o"}]
    (model,) = await list_models(connection(server, kind="local"))
    assert model.price is None
    assert describe_model(connection(server, kind="demo"), "gpt-4o").price is None
    assert describe_model(connection(server), "gpt-4o").price is not None


@pytest.mark.parametrize(
    ("own", "listed", "first"),
    [("chosen", [{"id": "a"}], "chosen"), ("", [{"id": "b"}, {"id": "a"}], "b"), ("", [], "")],
)
async def test_first_model(server: ScriptedServer, own: str, listed: list[dict[str, Any]], first: str) -> None:
    server.models = listed
    assert await first_model(connection(server, model=own)) == first
    assert len(server.all_requests) == (0 if own else 1)


# --- on this machine -------------------------------------------------------------------------------------------------


def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_ports_that_are_looked_at() -> None:
    assert LOCAL_PORTS == (11434, 1234, 8080, 8000)


async def test_find_local_finds_proper_servers_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-owner")
    monkeypatch.setenv("OPENAI_ORG_ID", "org-owner")
    odd = [play.reply(200, {"data": []}), silent, *(script for script, _ in ODD_BODIES.values())]
    with ExitStack() as stack:
        good = stack.enter_context(ScriptedServer())
        good.models = [{"id": "llama"}, {"id": "qwen"}]
        other = stack.enter_context(ScriptedServer())
        strangers = [stack.enter_context(ListServer(script)) for script in odd]
        ports = [closed_port(), *(stranger.port for stranger in strangers), good.port, other.port]
        found = await find_local(ports)
    assert [(chosen.kind, chosen.base_url, chosen.model) for chosen in found] == [
        ("local", good.base_url, "llama"),
        ("local", other.base_url, "scripted-1"),
    ]
    assert {chosen.api_key for chosen in found} == {PLACEHOLDER_KEY}
    for server in (good, *strangers):
        (request,) = server.all_requests
        assert (request.method, request.path) == ("GET", "/v1/models")
        assert "owner" not in str(request.headers)


async def test_find_local_without_any() -> None:
    assert await find_local([closed_port()]) == ()
    assert await find_local([]) == ()
