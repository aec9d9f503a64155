"""A Chat Completions server on loopback that plays scripts and records what it got.

    with ScriptedServer() as server:
        server.script = answer("Hel", "lo")
        ...
        assert server.requests[0].body["model"] == "m"

A script is an async function of one ``Exchange``. It is cancelled when the client goes away, and ``Exchange.closed``
is set.
"""

import asyncio
import contextlib
import json
import threading
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Exchange:
    """One request and the way to answer it."""

    method: str
    path: str
    headers: dict[str, str]
    raw: bytes
    writer: asyncio.StreamWriter
    closed: threading.Event = field(default_factory=threading.Event)
    ended: threading.Event = field(default_factory=threading.Event)

    @property
    def body(self) -> Any:
        return json.loads(self.raw)

    async def start(self, status: int = 200, content_type: str = "text/event-stream", **headers: str) -> None:
        lines = [f"HTTP/1.1 {status} Scripted", f"content-type: {content_type}", "transfer-encoding: chunked"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        self.writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
        await self.writer.drain()

    async def send(self, data: bytes | str) -> None:
        data = data.encode() if isinstance(data, str) else data
        self.writer.write(b"%x\r\n%s\r\n" % (len(data), data))
        await self.writer.drain()

    async def event(self, payload: Any) -> None:
        await self.send(f"data: {payload if isinstance(payload, str) else json.dumps(payload)}\n\n")

    async def end(self) -> None:
        self.writer.write(b"0\r\n\r\n")
        await self.writer.drain()

    def cut(self) -> None:
        """Drop the connection in mid-answer."""
        self.writer.transport.abort()


Script = Callable[[Exchange], Awaitable[None]]

USAGE = {"prompt_tokens": 12, "completion_tokens": 3, "total_tokens": 15}


def chunk(content: str | None = None, /, *, finish: str | None = None, **extra: Any) -> dict[str, Any]:
    """One chat.completion.chunk; ``extra`` goes into the delta."""
    delta = ({} if content is None else {"content": content}) | extra
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "scripted-1",
        "system_fingerprint": "fp_1",
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
    }


def answer(
    *pieces: str, finish: str | None = "stop", usage: dict[str, Any] | None = USAGE, done: bool = True, pause: float = 0
) -> Script:
    """A whole answer, streamed or not as the request asks."""

    async def play(exchange: Exchange) -> None:
        if not exchange.body.get("stream"):
            message = {"role": "assistant", "content": "".join(pieces)}
            choice = {"index": 0, "message": message, "finish_reason": finish}
            whole = {"id": "chatcmpl-1", "object": "chat.completion", "model": "scripted-1", "choices": [choice]}
            await reply(200, whole | {"usage": usage})(exchange)
            return
        await exchange.start()
        await exchange.event(chunk("", role="assistant"))
        for piece in pieces:
            await exchange.event(chunk(piece))
            if pause:
                await asyncio.sleep(pause)
        if finish:
            await exchange.event(chunk(finish=finish))
        if usage:
            await exchange.event({"id": "chatcmpl-1", "object": "chat.completion.chunk", "choices": [], "usage": usage})
        if done:
            await exchange.event("[DONE]")
        await exchange.end()

    return play


def reply(status: int, body: Any, content_type: str = "application/json", **headers: str) -> Script:
    """A plain response: an error body, a page, anything that is no stream."""

    async def play(exchange: Exchange) -> None:
        await exchange.start(status, content_type, x_request_id="req_1", **headers)
        data = body if isinstance(body, bytes) else (body if isinstance(body, str) else json.dumps(body)).encode()
        if data:
            await exchange.send(data)
        await exchange.end()

    return play


def error(status: int, message: str, code: str | None = None, param: str | None = None, **headers: str) -> Script:
    """OpenAI's error body."""
    body = {"error": {"message": message, "type": "invalid_request_error", "param": param, "code": code}}
    return reply(status, body, **headers)


def hold_after(*pieces: str) -> Script:
    """Send these pieces and then nothing, for as long as the client stays."""

    async def play(exchange: Exchange) -> None:
        await exchange.start()
        for piece in pieces:
            await exchange.event(chunk(piece))
        await asyncio.Event().wait()

    return play


def cut_after(*pieces: str) -> Script:
    """Send these pieces and drop the connection."""

    async def play(exchange: Exchange) -> None:
        await exchange.start()
        for piece in pieces:
            await exchange.event(chunk(piece))
        await asyncio.sleep(0.05)
        exchange.cut()

    return play


def raw(*events: str) -> Script:
    """Send these bytes as they are, as an event stream, and end it properly."""

    async def play(exchange: Exchange) -> None:
        await exchange.start()
        for event in events:
            await exchange.send(event)
        await exchange.end()

    return play


def in_turn(*scripts: Script) -> Script:
    """The first request gets the first script, and so on; the last one stays."""
    left = list(scripts)

    async def play(exchange: Exchange) -> None:
        await (left.pop(0) if len(left) > 1 else left[0])(exchange)

    return play


class ScriptedServer:
    """Runs in a thread of its own.

    ``models``: what ``/models`` lists; None: it has no such path.  ``asked``: set at the first POST.
    """

    def __init__(self, script: Script | None = None) -> None:
        self.script: Script = script or answer("Hello", " there", ".")
        self.models: list[dict[str, Any]] | None = [
            {"id": "scripted-1", "object": "model", "created": 1, "owned_by": "t"}
        ]
        self.requests: list[Exchange] = []
        self.all_requests: list[Exchange] = []
        self.asked = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._tasks: set[asyncio.Task[None]] = set()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def __enter__(self) -> "ScriptedServer":
        self._thread.start()
        assert self._ready.wait(30)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join(5)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._serve())
        self._loop.close()

    async def _serve(self) -> None:
        self._stopping = asyncio.Event()
        server = await asyncio.start_server(self._connected, "127.0.0.1", 0, limit=64 * 1024 * 1024)
        self.port: int = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._stopping.wait()
        server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            while await self._exchange(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self._tasks.discard(task)
            writer.close()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        method, path, _ = head[0].split(" ")
        headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in head[1:] if ": " in line)}
        raw_body = await reader.readexactly(int(headers.get("content-length", 0)))
        exchange = Exchange(method, path, headers, raw_body, writer)
        self.all_requests.append(exchange)
        script = self._models_script() if path.split("?")[0].endswith("/models") else self.script
        if method == "POST":
            self.requests.append(exchange)
            self.asked.set()
        playing = asyncio.ensure_future(script(exchange))
        watching = asyncio.ensure_future(reader.read(1))
        await asyncio.wait({playing, watching}, return_when=asyncio.FIRST_COMPLETED)
        if not playing.done():
            exchange.closed.set()
            playing.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await playing
            return False
        watching.cancel()
        with contextlib.suppress(asyncio.CancelledError, ConnectionError):
            await watching
        exchange.ended.set()
        playing.result()
        return not writer.transport.is_closing()

    def _models_script(self) -> Script:
        if self.models is None:
            return reply(404, {"error": {"message": "Not found"}})
        return reply(200, {"object": "list", "data": self.models})
