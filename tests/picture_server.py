"""What the tests of fetching share: a scripted server on loopback, and a resolver that knows a few names."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from chat_core.errors import FetchError

Handler = Callable[[bytes, asyncio.StreamWriter], Awaitable[None]]


def answer(body: bytes = b"", status: str = "200 OK", **headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


class Server:
    """A scripted server on loopback: answers by path, and records the requests' heads."""

    def __init__(self) -> None:
        self.script: dict[str, bytes | Handler] = {}
        self.requests: list[bytes] = []
        self.connections = 0
        self.port = 0

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            self.requests.append(head)
            step = self.script[head.split()[1].decode()]
            if isinstance(step, bytes):
                writer.write(step)
            else:
                await step(head, writer)
            await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # The client may hang up whenever it likes.
        finally:
            writer.close()

    @asynccontextmanager
    async def open(self) -> AsyncIterator["Server"]:
        listener = await asyncio.start_server(self._talk, "127.0.0.1", 0)
        self.port = listener.sockets[0].getsockname()[1]
        async with listener:
            yield self

    def url(self, path: str, host: str = "pictures.example") -> str:
        return f"http://{host}:{self.port}{path}"


class Names:
    """A resolver that knows a few names, and counts what it is asked."""

    def __init__(self, **known: list[str]) -> None:
        self.known = {name.replace("_", "."): addresses for name, addresses in known.items()}
        self.asked: list[str] = []

    async def __call__(self, host: str) -> list[str]:
        self.asked.append(host)
        if host not in self.known:
            raise OSError("no such name")
        return self.known[host]


async def reason_of(fetching: Awaitable[object]) -> str:
    with pytest.raises(FetchError) as refused:
        await fetching
    assert refused.value.message
    return str(refused.value.fields["reason"])
