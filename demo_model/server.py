"""The web side: routes, request ids, the pace of answers, and their end when the client goes or the server stops."""

import asyncio
import secrets
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import zip_longest

from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from demo_model import checks, errors, generation, wire
from demo_model.call import Call
from demo_model.errors import ApiError
from demo_model.family import MODELS
from demo_model.generation import Generation

THINKING = 0.15
"""Seconds before the first token, at any pace but 0."""

MAX_BODY = 64 * 1024 * 1024
"""Bytes of a request body; a conversation with many pictures stays well below."""

_LISTENING = 0.1
"""Seconds between looks at whether the client of an answer that is not yet streamed is still there."""


_LONGEST_SILENCE = 600.0
"""Seconds that the drill of silence lasts at the most; clients give up long before."""


class _Stopping(Exception):
    """The server is going down."""


@dataclass
class Floor:
    """What the answers in progress share. ``pace``: tokens a second, 0: no waits. ``running``: how many there are."""

    pace: float
    closing: asyncio.Event = field(default_factory=asyncio.Event)
    running: int = 0

    @contextmanager
    def answering(self) -> Iterator[None]:
        """Counts an answer for as long as it is being given."""
        self.running += 1
        try:
            yield
        finally:
            self.running -= 1

    async def rest_until(self, moment: float) -> None:
        """Sleep until a moment of the loop's clock; always hand the loop back. Raises _Stopping if the server stops."""
        seconds = moment - asyncio.get_running_loop().time()
        if seconds <= 0:
            await asyncio.sleep(0)
        else:
            try:
                await asyncio.wait_for(self.closing.wait(), seconds)
            except TimeoutError:
                return
        if self.closing.is_set():
            raise _Stopping

    def due(self, start: float, written: int) -> float:
        """When the token after ``written`` others is due, for an answer begun at ``start``."""
        return start + THINKING + written / self.pace if self.pace else start


def create_app(floor: Floor, *, max_body: int = MAX_BODY) -> ASGIApp:
    """The server as an ASGI application."""

    async def models(_: Request) -> Response:
        return JSONResponse({"object": "list", "data": [wire.model_object(each) for each in MODELS.values()]})

    async def model(request: Request) -> Response:
        name = request.path_params["name"]
        if name not in MODELS:
            raise errors.unknown_model(name)
        return JSONResponse(wire.model_object(MODELS[name]))

    async def chat(request: Request) -> Response:
        with floor.answering():
            call, made = await _prepared(request, floor, await _body(request, max_body))
            if not call.stream:
                return await _whole(request, floor, call, made)
        return StreamingResponse(
            _events(floor, call, made),
            media_type="text/event-stream",
            headers={"cache-control": "no-cache", "x-accel-buffering": "no"},
        )

    async def health(_: Request) -> Response:
        return JSONResponse({"status": "ok", "answers_in_progress": floor.running})

    return _RequestIds(
        Starlette(
            routes=[
                Route("/health", health),
                Route("/v1/models", models),
                Route("/v1/models/{name:path}", model),
                Route("/v1/chat/completions", chat, methods=["POST"]),
            ],
            exception_handlers={
                ApiError: _refused,
                HTTPException: _no_route,
                ClientDisconnect: _gone,
                Exception: _failed,
            },
        )
    )


async def _prepared(request: Request, floor: Floor, body: bytes) -> tuple[Call, Generation]:
    """The answers, written in a thread; the work ends when the client has gone or the server stops."""
    unwanted = threading.Event()
    working = asyncio.create_task(asyncio.to_thread(_prepare, body, unwanted))
    # Work that was abandoned fails unheard.
    working.add_done_callback(lambda task: task.cancelled() or task.exception())
    try:
        while not (await asyncio.wait({working}, timeout=_LISTENING))[0]:
            if floor.closing.is_set():
                raise _shutting_down()
            if await request.is_disconnected():
                raise ClientDisconnect
        return working.result()
    finally:
        unwanted.set()


def _prepare(body: bytes, unwanted: threading.Event) -> tuple[Call, Generation]:
    call = checks.read_call(body)
    if unwanted.is_set():
        raise generation.Abandoned
    return call, generation.generate(call, lambda: not unwanted.is_set())


def _rendered(call: Call, made: Generation) -> bytes:
    """A whole answer; one that is broken off is half of it."""
    whole = JSONResponse(wire.Writer(call).completion(made)).body
    broken_off = any(answer.finish_reason is None for answer in made.answers)
    return bytes(whole[: len(whole) // 2] if broken_off else whole)


async def _body(request: Request, max_body: int) -> bytes:
    """The whole body. One that is too large is read on and thrown away, for a while, so that the answer is seen."""
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size <= max_body:
            parts.append(part)
        else:
            parts.clear()
        if size > 4 * max_body:
            break
    if size > max_body:
        raise ApiError(
            f"Request body too large: at most {max_body:,} bytes are taken.", code="request_too_large", status=413
        )
    return b"".join(parts)


async def _whole(request: Request, floor: Floor, call: Call, made: Generation) -> Response:
    """The answer as one object, after as long as writing it would take; nothing for a client that has gone.

    An answer that is broken off is half an object, or none: such a drill waits until the client has had enough.
    """
    loop = asyncio.get_running_loop()
    due = floor.due(loop.time(), max(answer.tokens for answer in made.answers))
    if any(answer.silent for answer in made.answers):
        due = loop.time() + _LONGEST_SILENCE
    try:
        while True:
            await floor.rest_until(min(due, loop.time() + _LISTENING))
            if loop.time() >= due:
                # In a thread: many answers with all their logprobs make tens of megabytes.
                whole = await asyncio.to_thread(_rendered, call, made)
                return Response(whole, media_type="application/json")
            if await request.is_disconnected():
                raise ClientDisconnect
    except _Stopping:
        raise _shutting_down() from None


async def _events(floor: Floor, call: Call, made: Generation) -> AsyncIterator[bytes]:
    """The answer as server-sent events; the choices of ``n`` grow side by side."""
    writer = wire.Writer(call)
    start = asyncio.get_running_loop().time()
    with floor.answering():
        try:
            await floor.rest_until(floor.due(start, 0))
            for index in range(call.n):
                yield writer.opening(index)
            for written, row in enumerate(zip_longest(*(answer.pieces for answer in made.answers))):
                await floor.rest_until(floor.due(start, written))
                for index, piece in enumerate(row):
                    if piece is not None:
                        yield writer.piece(index, piece)
            if any(answer.silent for answer in made.answers):
                await floor.rest_until(start + _LONGEST_SILENCE)
        except _Stopping:
            yield wire.event(_shutting_down().body)
            return
        if any(answer.finish_reason is None for answer in made.answers):
            return
        for index, answer in enumerate(made.answers):
            yield writer.closing(index, answer)
        if call.include_usage:
            yield writer.usage(made)
        yield wire.DONE


def _shutting_down() -> ApiError:
    return ApiError(
        "The demo model is being shut down; this answer ends here.",
        code="shutting_down",
        status=503,
        kind="server_error",
    )


async def _refused(_: Request, error: Exception) -> Response:
    assert isinstance(error, ApiError)  # registered for this class alone
    return JSONResponse(error.body, status_code=error.status, headers=error.headers)


async def _no_route(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # registered for this class alone
    place = f"{request.method} {request.url.path}"
    message = f"Invalid URL ({place})" if error.status_code == 404 else f"Not allowed: {place}. {error.detail}"
    refused = ApiError(message, status=error.status_code)
    return JSONResponse(refused.body, status_code=refused.status, headers=error.headers)


async def _failed(_: Request, error: Exception) -> Response:
    """A fault of this program: told as the API tells it, and raised again by Starlette, so that it is logged."""
    fault = ApiError(
        "The server had an error while processing your request. Sorry about that!", status=500, kind="server_error"
    )
    return JSONResponse(fault.body, status_code=fault.status)


async def _gone(_: Request, error: Exception) -> Response:
    """Nobody will read it."""
    return Response(status_code=499)


class _RequestIds:
    """Gives every response an ``x-request-id``."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def named(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["x-request-id"] = f"req_{secrets.token_hex(16)}"
            await send(message)

        await self._app(scope, receive, named)
