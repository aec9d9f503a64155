"""A batch at a server with ``/files`` and ``/batches``, the whole way, and what goes wrong on it."""

import asyncio
import itertools
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from chat_core import ChatRequest, Connection, batch_service, user
from chat_core.batch import Item
from chat_core.batch_files import BatchFile, read, write
from chat_core.batch_service import Batch, cancel, download, follow, look, submit
from chat_core.errors import BatchesNotFound, BatchFileError, BatchNotFound, ChatError, ServerFailed
from tests import scripted_server as play
from tests.batch_server import BatchServer
from tests.scripted_server import Script, ScriptedServer

pytestmark = pytest.mark.usefixtures("closed_pools")

MODEL = "gpt-4o-mini"
KEY = "sk-test-1234567890abcdef"
OUTCOMES = {"row-2": "refused", "row-5": "expired", "row-9": "missing"}


@pytest.fixture
def batches() -> BatchServer:
    return BatchServer(dict(OUTCOMES))


@pytest.fixture
def server(batches: BatchServer) -> Iterator[ScriptedServer]:
    with ScriptedServer(batches) as running:
        yield running


@pytest.fixture
def connection(server: ScriptedServer) -> Connection:
    return Connection("custom", server.base_url, KEY, organization="org-1")


@pytest.fixture
async def file(tmp_path: Path) -> BatchFile:
    items = [Item(f"row-{number}", ChatRequest(MODEL, (user(f"row {number}"),))) for number in range(12)]
    return await write(items, tmp_path / "batch.jsonl")


async def followed(connection: Connection, batch_id: str) -> list[Batch]:
    return [batch async for batch in follow(connection, batch_id, first_pause=0)]


# --- the whole way ----------------------------------------------------------------------------------------------------


async def test_the_whole_way(
    server: ScriptedServer, batches: BatchServer, connection: Connection, file: BatchFile, tmp_path: Path
) -> None:
    begun = await submit(connection, file)
    assert (begun.status, begun.ended) == ("validating", False)
    assert batches.files == {"file-0": file.path.read_bytes()}
    created, expires = begun.created, begun.expires
    assert created is not None
    assert expires is not None
    assert (expires - created).total_seconds() == 86_400
    told = server.requests[1].body
    assert told == {"input_file_id": "file-0", "endpoint": "/v1/chat/completions", "completion_window": "24h"}
    assert {exchange.headers["authorization"] for exchange in server.requests} == {f"Bearer {KEY}"}
    assert {exchange.headers["openai-organization"] for exchange in server.requests} == {"org-1"}

    seen = await followed(connection, begun.id)
    # Two looks saw the same, so one of them is not told.
    assert [batch.status for batch in seen] == ["validating", "in_progress", "finalizing", "completed"]
    assert (seen[-1].total, seen[-1].completed, seen[-1].failed) == (12, 9, 3)

    paths = await download(connection, seen[-1], tmp_path)
    assert [path.name for path in paths] == ["output.jsonl", "errors.jsonl"]
    answers = await read(paths, connection, file.model)
    keys = [f"row-{number}" for number in range(12)]
    results = [found async for found in answers.results(keys)]
    assert [found.key for found in results] == keys
    failed = {found.key: found.error.kind for found in results if found.error}
    assert failed == {"row-2": "bad_request", "row-5": "batch_expired", "row-9": "batch_missing"}
    for number, found in enumerate(results):
        if found.key not in failed:
            assert found.completion is not None
            assert found.completion.text == f"You said: row {number}"
            # The server's own price is not known: OpenAI's, as a batch.
            assert found.price is not None
            assert (found.price.source, found.price.discount) == ("list_price", "batch")
            assert found.cost == Decimal("0.000105")


async def test_cancelled_with_what_there_is(
    batches: BatchServer, connection: Connection, file: BatchFile, tmp_path: Path
) -> None:
    batches.outcomes = {f"row-{number}": "cancelled" for number in range(3, 12)}
    begun = await submit(connection, file)
    assert (await cancel(connection, begun.id)).status == "cancelling"
    (*_, ended) = await followed(connection, begun.id)
    assert (ended.status, ended.ended, ended.completed) == ("cancelled", True, 3)
    answers = await read(await download(connection, ended, tmp_path), connection)
    kinds = [found.error.kind if found.error else "" async for found in answers.results(f"row-{n}" for n in range(12))]
    assert kinds == [""] * 3 + ["batch_cancelled"] * 9


async def test_all_expired_has_an_error_file_alone(
    batches: BatchServer, connection: Connection, file: BatchFile, tmp_path: Path
) -> None:
    batches.outcomes = {f"row-{number}": "expired" for number in range(12)}
    batches.looks = ("in_progress", "expired")
    begun = await submit(connection, file)
    (*_, ended) = await followed(connection, begun.id)
    assert (ended.status, ended.output_file) == ("expired", "")
    assert [path.name for path in await download(connection, ended, tmp_path)] == ["errors.jsonl"]


async def test_a_file_that_the_server_refuses(batches: BatchServer, connection: Connection, file: BatchFile) -> None:
    begun = await submit(connection, file)
    errors = [
        {"line": 3, "code": "invalid_json_line", "message": f"Line 3 is not JSON; key {KEY}"},
        {"code": "token_limit_exceeded"},
        {},
    ]
    failed = batches.batches[begun.id].to_dict() | {"status": "failed", "errors": {"object": "list", "data": errors}}
    batches.replies[f"GET /v1/batches/{begun.id}"] = [play.reply(200, failed)]
    (ended,) = await followed(connection, begun.id)
    assert ended.ended
    assert ended.problems == ("3: Line 3 is not JSON; key …", "token_limit_exceeded", "")


# --- servers without --------------------------------------------------------------------------------------------------

NO_BATCHES: dict[str, Script] = {
    "OpenAI's words": play.error(404, "Unknown request URL: POST /v1/files."),
    "a page": play.reply(404, "404 page not found", "text/plain"),
    "a redirect": play.reply(302, "", location="http://127.0.0.1:1/"),
    "not this method": play.reply(405, {"detail": "Method Not Allowed"}),
    "not implemented": play.error(501, "Not implemented."),
    "200 with an error": play.reply(200, {"error": "Unexpected endpoint or method. (POST /v1/files)"}),
    "200 with a page": play.reply(200, "<html>Welcome</html>", "text/html"),
    "200 with a list": play.reply(200, []),
}


@pytest.mark.parametrize("name", NO_BATCHES)
async def test_a_server_without_a_batch_api_is_told_as_such(
    server: ScriptedServer, connection: Connection, file: BatchFile, name: str
) -> None:
    server.script = NO_BATCHES[name]
    with pytest.raises(BatchesNotFound) as caught:
        await submit(connection, file)
    assert caught.value.fields["host"] == connection.host
    assert len(server.requests) == 1


async def test_files_without_batches_leaves_no_file_behind(
    batches: BatchServer, connection: Connection, file: BatchFile
) -> None:
    batches.replies["POST /v1/batches"] = [play.error(404, "Not found.")]
    with pytest.raises(BatchesNotFound):
        await submit(connection, file)
    assert batches.files == {}


# --- what else goes wrong ---------------------------------------------------------------------------------------------

REFUSALS: dict[str, tuple[Script, str]] = {
    "key": (play.error(401, f"Incorrect API key provided: {KEY}."), "key_refused"),
    "quota": (play.error(429, "Pay first.", "insufficient_quota"), "quota_exceeded"),
    "rights": (play.error(403, "Missing scope."), "access_denied"),
    "size": (play.error(400, f"File is too large for {KEY}."), "bad_request"),
    "limited": (play.error(429, "Slow down."), "rate_limited"),
    "failed": (play.error(500, "Oops."), "server_failed"),
}


@pytest.mark.parametrize("path", ["POST /v1/files", "POST /v1/batches"])
@pytest.mark.parametrize("name", REFUSALS)
async def test_refusals_have_their_kinds_and_hold_no_key(
    batches: BatchServer, connection: Connection, file: BatchFile, name: str, path: str
) -> None:
    script, kind = REFUSALS[name]
    batches.replies[path] = [script]
    with pytest.raises(ChatError) as caught:
        await submit(connection, file)
    assert caught.value.kind == kind
    assert KEY[:10] not in f"{vars(caught.value)} {caught.value}"
    # Nothing that is paid for is tried twice.
    assert batches.asked.count(path) == 1
    assert batches.batches == {}


async def test_a_batch_whose_beginning_was_not_told_is_found(
    batches: BatchServer, connection: Connection, file: BatchFile
) -> None:
    batches.lost = True
    begun = await submit(connection, file)
    assert (begun.id, list(batches.batches)) == ("batch_0", ["batch_0"])
    assert batches.asked.count("POST /v1/batches") == 1


GARBLED: dict[str, Script] = {
    "page": play.reply(200, "<html>Proxy</html>", "text/html"),
    "half": play.reply(200, '{"id": "batch_0", "sta'),
    "no id": play.reply(200, {"object": "batch", "status": "validating"}),
}


@pytest.mark.parametrize("name", GARBLED)
async def test_a_batch_whose_beginning_was_told_in_no_words_is_found_and_keeps_its_file(
    batches: BatchServer, connection: Connection, file: BatchFile, name: str
) -> None:
    batches.garbled = GARBLED[name]
    begun = await submit(connection, file)
    assert (begun.id, list(batches.batches)) == ("batch_0", ["batch_0"])
    assert len(batches.files) == 1
    assert batches.asked.count("POST /v1/batches") == 1


async def test_a_server_that_answers_the_beginning_with_a_page_and_begins_nothing_is_told(
    batches: BatchServer, connection: Connection, file: BatchFile
) -> None:
    batches.replies["POST /v1/batches"] = [GARBLED["page"]]
    with pytest.raises(ServerFailed):
        await submit(connection, file)
    assert batches.asked.count("POST /v1/batches") == 1


async def test_a_beginning_that_was_lost_on_its_way_is_told(
    batches: BatchServer, connection: Connection, file: BatchFile
) -> None:
    async def cut(exchange: play.Exchange) -> None:
        exchange.cut()

    for reply in ([], [play.error(500, "Oops.")]):
        batches.replies = {"POST /v1/batches": [cut], "GET /v1/batches": list(reply)}
        with pytest.raises(ChatError) as caught:
            await submit(connection, file)
        assert caught.value.kind == "unreachable"


async def test_a_server_that_says_nothing_ends_by_our_clock(
    server: ScriptedServer, connection: Connection, file: BatchFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def silent(_: play.Exchange) -> None:
        await asyncio.Event().wait()

    server.script = silent
    monkeypatch.setattr(batch_service, "FILE_SECONDS", 0.2)
    monkeypatch.setattr(batch_service, "CALL_SECONDS", 0.2)
    for step in (submit(connection, file), look(connection, "batch_0"), cancel(connection, "batch_0")):
        with pytest.raises(ChatError) as caught:
            await step
        assert (caught.value.kind, caught.value.fields["clock"]) == ("timed_out", "batches")
    for exchange in server.all_requests:
        assert await asyncio.to_thread(exchange.closed.wait, 20)


async def test_following_outlasts_a_server_that_is_away(
    batches: BatchServer, connection: Connection, file: BatchFile
) -> None:
    begun = await submit(connection, file)
    away = [play.error(503, "Busy."), play.error(429, "Slow down.")]
    batches.replies[f"GET /v1/batches/{begun.id}"] = [script for _ in range(2) for script in away]
    assert [batch.status for batch in await followed(connection, begun.id)][-1] == "completed"


async def test_following_gives_up_on_a_server_that_stays_away(
    batches: BatchServer, connection: Connection, file: BatchFile
) -> None:
    begun = await submit(connection, file)
    batches.replies[f"GET /v1/batches/{begun.id}"] = [play.error(503, "Busy.")] * 50
    with pytest.raises(ChatError) as caught:
        await followed(connection, begun.id)
    assert caught.value.kind == "server_failed"
    assert batches.asked.count(f"GET /v1/batches/{begun.id}") == 6


@pytest.mark.parametrize("batch_id", ["batch_9", "", "..", "../files", "a/b", "batch 1", "x" * 300])
async def test_a_batch_that_nobody_knows(
    server: ScriptedServer, connection: Connection, tmp_path: Path, batch_id: str
) -> None:
    for step in (look(connection, batch_id), cancel(connection, batch_id)):
        with pytest.raises(BatchNotFound):
            await step
    assert len(server.all_requests) == (2 if batch_id == "batch_9" else 0)


async def test_a_file_that_is_gone(connection: Connection, tmp_path: Path) -> None:
    with pytest.raises(BatchNotFound):
        await download(connection, Batch("batch_0", "completed", output_file="file-9"), tmp_path)


async def test_a_file_without_end_is_cut(
    server: ScriptedServer, connection: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def endless(exchange: play.Exchange) -> None:
        await exchange.start(content_type="application/octet-stream")
        for _ in itertools.count():
            await exchange.send(b"x" * 10_000)

    server.script = endless
    monkeypatch.setattr("chat_core.provider.LARGEST_FILE", 100_000)
    with pytest.raises(ChatError) as caught:
        await download(connection, Batch("batch_0", "completed", output_file="file-9"), tmp_path)
    assert caught.value.kind == "stream_cut"


async def test_a_disk_that_refuses_is_told(batches: BatchServer, connection: Connection, tmp_path: Path) -> None:
    batches.files["file-9"] = b"{}\n"
    with pytest.raises(BatchFileError):
        await download(connection, Batch("batch_0", "completed", output_file="file-9"), tmp_path / "none")
    with pytest.raises(BatchFileError):
        await submit(connection, BatchFile(tmp_path / "none.jsonl", MODEL, 1, 1))
    assert batches.asked == []


@pytest.mark.parametrize(
    "told",
    [
        {"id": "batch_0"},
        {"id": "batch_0", "status": "<b>", "request_counts": [], "errors": {"data": "x"}, "created_at": "now"},
        {"id": "batch_0", "status": None, "request_counts": {"total": "9", "failed": -1}, "output_file_id": "../x"},
    ],
)
async def test_odd_answers_are_read_leniently(server: ScriptedServer, connection: Connection, told: object) -> None:
    server.script = play.reply(200, told)
    assert await look(connection, "batch_0") == Batch("batch_0", "unknown")


@pytest.mark.parametrize("told", ["<html>", "[]", "{}", '{"id": 5}', '{"id": "../x"}', "[" * 100_000])
async def test_what_is_no_batch_is_told(server: ScriptedServer, connection: Connection, told: str) -> None:
    server.script = play.reply(200, told)
    with pytest.raises(ChatError) as caught:
        await look(connection, "batch_0")
    assert caught.value.kind == "not_chat_completions"
