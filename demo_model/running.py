"""Running the server: in a thread beside an app, or alone in the foreground. The only module that knows uvicorn."""

import asyncio
import socket
import threading
from collections.abc import Callable

import uvicorn

from demo_model.lazy_regex import compile_one_by_one
from demo_model.server import MAX_BODY, Floor, create_app

DEFAULT_PACE = 60.0
"""Tokens a second: about what a real model writes."""

_GRACE = 5
"""Seconds that answers get to end after the server was told to stop; they end at once, so this is for slow readers."""


class _Server(uvicorn.Server):
    """uvicorn, with a word when it is ready, and a word to the answers in progress when it stops."""

    def __init__(self, config: uvicorn.Config, floor: Floor, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._floor = floor
        self._ready = ready
        self._warming: asyncio.Task[None] | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready()
        self._warming = asyncio.create_task(_warm_up())

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._floor.closing.set()
        if self._warming is not None:
            self._warming.cancel()
        await super().shutdown(sockets)


async def _warm_up() -> None:
    """Compile the patterns before the first question needs them; whoever asks meanwhile goes first."""
    for _ in compile_one_by_one():
        await asyncio.sleep(0)


def _server(host: str, port: int, pace: float, max_body: int) -> tuple[uvicorn.Config, Floor, socket.socket]:
    """The parts of a server on a bound socket; port 0: a free one. Raises OSError if the port is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.create_server((host, port), family=family)
    floor = Floor(pace)
    config = uvicorn.Config(
        create_app(floor, max_body=max_body),
        http="h11",
        ws="none",
        loop="asyncio",
        lifespan="off",
        log_config=None,  # the app around it has its own logging
        access_log=False,
        timeout_graceful_shutdown=_GRACE,
    )
    return config, floor, listening


def _url(host: str, port: int) -> str:
    return f"http://{f'[{host}]' if ':' in host else host}:{port}/v1"


class RunningServer:
    """A server in a daemon thread. ``url``: the base URL for a client, ``/v1`` included. A context manager, too."""

    def __init__(self, host: str, port: int, pace: float, max_body: int) -> None:
        config, floor, listening = _server(host, port, pace, max_body)
        self.url = _url(host, listening.getsockname()[1])
        ready = threading.Event()
        self._server = _Server(config, floor, ready.set)
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [listening]}, name="demo-model", daemon=True
        )
        self._thread.start()
        ready.wait()

    def stop(self) -> None:
        """End the answers in progress, close the port, wait for the thread. May be called more than once."""
        self._server.should_exit = True
        self._thread.join()

    def __enter__(self) -> "RunningServer":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def serve(
    port: int = 0, *, host: str = "127.0.0.1", pace: float = DEFAULT_PACE, max_body: int = MAX_BODY
) -> RunningServer:
    """Start the demo model in a thread of this process; port 0: a free one. Ready to answer when this returns.

    ``pace``: tokens a second, 0: no waits.  ``max_body``: most bytes of a request.
    Raises OSError if the port is taken.
    """
    return RunningServer(host, port, pace, max_body)


def run(port: int, host: str, pace: float, announce: Callable[[str], None]) -> None:
    """Serve in the foreground until SIGINT or SIGTERM. ``announce`` gets the base URL as soon as it answers.

    Raises OSError if the port is taken.
    """
    config, floor, listening = _server(host, port, pace, MAX_BODY)
    url = _url(host, listening.getsockname()[1])
    _Server(config, floor, lambda: announce(url)).run(sockets=[listening])
