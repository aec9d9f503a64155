"""A Chat Completions server that streams words at a given pace and notes when it did.

``python -m benchmarks.upstream PORT``: a process of its own, so that neither app shares its interpreter. ``GET
/runs/<name>`` gives the times of a run in seconds since 1970: asked for, first word written, last word written.
"""

import asyncio
import json
import signal
import sys
import time
from functools import cache
from typing import Any

from benchmarks.script import MODEL, Asked, asked_in, deltas

_HEAD = "HTTP/1.1 {status}\r\ncontent-type: {kind}\r\n{length}\r\n\r\n"
_MODELS = {"object": "list", "data": [{"id": MODEL, "object": "model", "created": 1, "owned_by": "benchmarks"}]}


class Upstream:
    """Answers requests; ``times``: for each run ``asked``, ``first`` and ``last``."""

    def __init__(self) -> None:
        self.times: dict[str, dict[str, float]] = {}

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection until the client closes it."""
        try:
            while True:
                await self._exchange(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        method, path, _ = head.split("\r\n", 1)[0].split(" ")
        headers = {
            name.strip().lower(): value for name, _, value in (line.partition(":") for line in head.split("\r\n"))
        }
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        asked = asked_in(body) if method == "POST" else None
        if asked:
            self.times[asked.run] = {"asked": time.time()}
            await self._stream(asked, writer, usage=b"include_usage" in body)
        elif path.endswith("/models"):
            await _reply(writer, "200 OK", _MODELS)
        elif path.startswith("/runs/"):
            await _reply(writer, "200 OK", self.times.get(path.removeprefix("/runs/"), {}))
        else:
            await _reply(writer, "404 Not Found", {"error": {"message": "Not found"}})

    async def _stream(self, asked: Asked, writer: asyncio.StreamWriter, *, usage: bool) -> None:
        events = [_word(delta) for delta in deltas(asked.words)]
        writer.write(
            _HEAD.format(status="200 OK", kind="text/event-stream", length="transfer-encoding: chunked").encode()
        )
        start = time.monotonic()
        for place, event in enumerate(events):
            # Words fall due by the clock of the whole answer, so that a late one does not delay all that follow.
            if asked.rate and (wait := start + place / asked.rate - time.monotonic()) > 0:
                await asyncio.sleep(wait)
            writer.write(event)
            await writer.drain()
            if place == 0:
                self.times[asked.run]["first"] = time.time()
        self.times[asked.run]["last"] = time.time()
        writer.write(_event(_chunk({}, "stop")))
        if usage:
            counts = {"prompt_tokens": 1, "completion_tokens": asked.words, "total_tokens": asked.words + 1}
            writer.write(_event(_chunk({}) | {"choices": [], "usage": counts}))
        writer.write(_framed(b"data: [DONE]\n\n") + b"0\r\n\r\n")
        await writer.drain()


@cache
def _word(delta: str) -> bytes:
    return _event(_chunk({"content": delta}))


def _chunk(delta: dict[str, str], finish: str | None = None) -> dict[str, Any]:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": MODEL, "choices": [choice]}


def _event(value: dict[str, Any]) -> bytes:
    return _framed(b"data: " + json.dumps(value).encode() + b"\n\n")


def _framed(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


async def _reply(writer: asyncio.StreamWriter, status: str, value: object) -> None:
    data = json.dumps(value).encode()
    head = _HEAD.format(status=status, kind="application/json", length=f"content-length: {len(data)}")
    writer.write(head.encode() + data)
    await writer.drain()


async def _serve(port: int) -> None:
    stopping = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopping.set)
    await asyncio.start_server(Upstream().connected, "127.0.0.1", port, limit=64 * 1024 * 1024)
    await stopping.wait()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1])))
