"""Bytes to events: the only importer of openai, and the place of SDK errors, clocks and retries.

The SDK does authentication, pooling and errors. The stream itself is read here, as dicts, line by line: the SDK's chunk
objects cost most of the time of a fast stream, and they end silently or raise on the odd chunks that real servers send.
"""

import asyncio
import email.utils
import ipaddress
import json
import logging
import random
import re
import time
import weakref
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import dataclass
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any, BinaryIO, TypeVar

import httpx2
import openai

from chat_core.connections import Connection
from chat_core.errors import (
    AccessDenied,
    BadRequest,
    ChatError,
    ContextTooLong,
    EndpointNotFound,
    ImageNotFetched,
    ImageRefused,
    KeyMissing,
    KeyRefused,
    ModelNotFound,
    NotChatCompletions,
    ParameterRefused,
    QuotaExceeded,
    RateLimited,
    ServerFailed,
    StreamCut,
    TimedOut,
    Unreachable,
)
from chat_core.events import Retrying, Timing
from chat_core.fetch import is_public, resolve
from chat_core.settings import Clocks
from chat_core.stream_reader import Delta, Fold, Reply, is_context, names_key, server_words

log = logging.getLogger("vitrine.provider")

CONNECT_SECONDS = 10.0
# Far beyond any answer; what a hostile or broken server may make this process hold.
LARGEST_BODY = 64 * 1024 * 1024
LARGEST_LIST = 8 * 1024 * 1024
LARGEST_FILE = 1024 * 1024 * 1024
LARGEST_ERROR_BODY = 256 * 1024
MOST_MODELS = 2000
LONGEST_MODEL_ID = 200
# A burst of buffered bytes never suspends, so other chats would starve: the loop is handed back after this many
# seconds of work.
WORK_SLICE = 0.004

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Answer:
    """The end of one answer: what the server told, and how long it took."""

    reply: Reply
    timing: Timing


async def stream(
    connection: Connection, body: dict[str, Any], clocks: Clocks, *, patient: bool = False
) -> AsyncGenerator[Delta | Retrying | Answer, None]:
    """One request, tried again at most ``clocks.retries`` times, and only before its first token.

    Yields deltas as they come and one ``Answer`` last. Raises ChatError. Closing the iterator closes the HTTP response.
    """
    attempt = 0
    while True:
        attempt += 1
        clock = _Clock(clocks, patient=patient or connection.loopback, streamed=bool(body.get("stream")))
        try:
            async with aclosing(_attempt(connection, body, clock)) as events:
                async for event in events:
                    yield event
            return
        except ChatError as error:
            # The SDK's error behind it holds the request, its key and its pictures.
            error.__context__ = None
            _record(error, connection, clock)
            pause = _pause_before_retry(error, attempt, clocks)
            if pause is None or clock.first_token is not None:
                raise
            yield Retrying(error.kind, pause, attempt, asked=bool(error.fields.get("seconds")))
        await asyncio.sleep(pause)


async def fetch_models(connection: Connection, *, seconds: float = 10.0) -> list[dict[str, Any]]:
    """The entries of ``/models``, as the server lists them (``id``, maybe ``shutdown_date`` ...). Raises ChatError."""
    late = TimedOut("The server did not list its models in time.", clock="models", seconds=seconds)
    async with (
        _short_call(connection, seconds, late),
        _client(connection).models.with_streaming_response.list() as response,
    ):
        entries = (await _json_object(response)).get("data")
    if not isinstance(entries, list):
        raise NotChatCompletions("The server's /models is not that of a Chat Completions server.")
    named = [entry for entry in entries if isinstance(entry, dict) and isinstance(entry.get("id"), str)]
    return [entry for entry in named if 0 < len(entry["id"]) <= LONGEST_MODEL_ID][:MOST_MODELS]


# --- files and batches -----------------------------------------------------------------------------------------------


async def upload_batch_file(connection: Connection, file: BinaryIO, *, seconds: float) -> dict[str, Any]:
    """Send a batch file, read piece by piece; the server's file object. Raises ChatError."""
    async with (
        _short_call(connection, seconds, _late(seconds)),
        _client(connection).files.with_streaming_response.create(
            file=("batch.jsonl", file, "application/jsonl"), purpose="batch"
        ) as response,
    ):
        return await _json_object(response)


async def create_batch(connection: Connection, file_id: str, *, seconds: float) -> dict[str, Any]:
    """Begin a batch of Chat Completions of an uploaded file; the server's batch object. Raises ChatError."""
    async with (
        _short_call(connection, seconds, _late(seconds)),
        _client(connection).batches.with_streaming_response.create(
            input_file_id=file_id, endpoint="/v1/chat/completions", completion_window="24h"
        ) as response,
    ):
        return await _json_object(response)


async def fetch_batches(connection: Connection, *, seconds: float) -> dict[str, Any]:
    """The server's list of its latest batches. Raises ChatError."""
    async with (
        _short_call(connection, seconds, _late(seconds)),
        _client(connection).batches.with_streaming_response.list(limit=20) as response,
    ):
        return await _json_object(response)


async def fetch_batch(connection: Connection, batch_id: str, *, seconds: float) -> dict[str, Any]:
    """One batch as it stands. Raises ChatError."""
    async with (
        _short_call(connection, seconds, _late(seconds)),
        _client(connection).batches.with_streaming_response.retrieve(batch_id) as response,
    ):
        return await _json_object(response)


async def cancel_batch(connection: Connection, batch_id: str, *, seconds: float) -> dict[str, Any]:
    """Ask the server to end a batch; the batch as it stands then. Raises ChatError."""
    async with (
        _short_call(connection, seconds, _late(seconds)),
        _client(connection).batches.with_streaming_response.cancel(batch_id) as response,
    ):
        return await _json_object(response)


async def fetch_file(
    connection: Connection, file_id: str, take: Callable[[bytes], Awaitable[None]], *, seconds: float
) -> None:
    """Give the content of a file to ``take``, piece by piece. Raises ChatError, and StreamCut for one of more than
    1 GB."""
    received = 0
    async with (
        _short_call(connection, seconds, _late(seconds)),
        _client(connection).files.with_streaming_response.content(file_id) as response,
    ):
        async for chunk in _decoded(response):
            received += len(chunk)
            if received > LARGEST_FILE:
                raise StreamCut("The file has no end and was ended here.")
            await take(chunk)


async def delete_file(connection: Connection, file_id: str, *, seconds: float) -> None:
    """Delete a file at the server. Raises ChatError."""
    async with (
        _short_call(connection, seconds, _late(seconds)),
        _client(connection).files.with_streaming_response.delete(file_id) as response,
    ):
        await _json_object(response)


def _late(seconds: float) -> TimedOut:
    return TimedOut("The server did not answer about the batch in time.", clock="batches", seconds=seconds)


@asynccontextmanager
async def _short_call(connection: Connection, seconds: float, late: TimedOut) -> AsyncIterator[None]:
    """Around a call that is no stream: ``late`` after so many seconds, and every other failure as a ChatError."""
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError:
        raise late from None
    except openai.OpenAIError as error:
        raise _translated(error, connection, "") from None
    except httpx2.HTTPError:
        raise _unreachable(connection) from None
    except ChatError:
        raise
    except Exception as error:
        # Not only JSON that is none: odd encodings and odd URLs make the transport raise whatever it likes.
        log.warning("%s from %s", type(error).__name__, connection.host)
        raise NotChatCompletions("The server's answer cannot be read.") from None


async def _json_object(response: openai.AsyncAPIResponse[Any]) -> dict[str, Any]:
    body = bytearray()
    async for chunk in _decoded(response):
        body += chunk
        if len(body) > LARGEST_LIST:
            raise NotChatCompletions("The server's answer has no end.")
    value = json.loads(body)
    if not isinstance(value, dict):
        raise NotChatCompletions("The server's answer is no object.")
    return value


async def close_pools() -> None:
    """Close this event loop's connections. For programs whose loop ends before they do."""
    for pool in _pools.pop(asyncio.get_running_loop(), {}).values():
        await pool.aclose()


# --- clients ---------------------------------------------------------------------------------------------------------

# Pools hold connections and nothing of a visitor: no key, no header, no cookie. They belong to one event loop each.
_pools: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, httpx2.AsyncClient]] = (
    weakref.WeakKeyDictionary()
)


def _pool(connection: Connection) -> httpx2.AsyncClient:
    pools = _pools.setdefault(asyncio.get_running_loop(), {})
    name = "guarded" if connection.guarded else "loopback" if connection.loopback else "world"
    if name not in pools or pools[name].is_closed:
        pools[name] = _new_pool(trust_env=name == "world", guarded=name == "guarded")
    return pools[name]


class _PublicAddresses(httpx2.AsyncBaseTransport):
    """Connects to public addresses only, for servers that strangers name on a public deployment.

    The name is looked up once, every address checked, and the connection made by number, so that the name cannot mean
    one thing to the check and another to the connection. Connections are not kept: they would be found again by number.
    """

    def __init__(self) -> None:
        self._inner = httpx2.AsyncHTTPTransport(trust_env=False, limits=httpx2.Limits(max_keepalive_connections=0))

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        host = request.url.host
        try:
            addresses = [ipaddress.ip_address(address) for address in await resolve(host)]
        except (OSError, ValueError):
            addresses = []
        if not addresses or not all(is_public(address) for address in addresses):
            raise httpx2.ConnectError("no public address", request=request)
        request.extensions = {**request.extensions, "sni_hostname": host}
        *others, last = addresses
        for address in others:
            request.url = request.url.copy_with(host=str(address))
            try:
                return await self._inner.handle_async_request(request)
            except httpx2.ConnectError:
                # As with a name that has an IPv6 address where there is no IPv6; nothing has been sent yet.
                continue
        request.url = request.url.copy_with(host=str(last))
        return await self._inner.handle_async_request(request)

    async def aclose(self) -> None:
        await self._inner.aclose()


def _new_pool(*, trust_env: bool, guarded: bool) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(
        transport=_PublicAddresses() if guarded else None,
        # Loopback never goes through a proxy, nor does a visitor's server, whose address is checked here.
        trust_env=trust_env,
        headers={"Accept-Encoding": "identity"},
        timeout=httpx2.Timeout(None, connect=CONNECT_SECONDS),
        limits=httpx2.Limits(max_connections=None, max_keepalive_connections=100, keepalive_expiry=30),
        # A redirect could lead anywhere, with the prompt in its luggage; no Chat Completions server needs one.
        follow_redirects=False,
        cookies=CookieJar(policy=DefaultCookiePolicy(allowed_domains=[])),
        event_hooks={"response": [_bound_error_body]},
    )


class _Beginning(httpx2.AsyncByteStream):
    """The beginning of a body, so far as an error can need it."""

    def __init__(self, whole: httpx2.AsyncByteStream) -> None:
        self._whole = whole

    async def __aiter__(self) -> AsyncIterator[bytes]:
        received = 0
        async for chunk in self._whole:
            received += len(chunk)
            if received > LARGEST_ERROR_BODY:
                return
            yield chunk

    async def aclose(self) -> None:
        await self._whole.aclose()


async def _bound_error_body(response: httpx2.Response) -> None:
    """The SDK reads the body of an error whole, and unpacks it; a few hundred bytes can unpack to gigabytes."""
    if response.status_code < 300 or not isinstance(response.stream, httpx2.AsyncByteStream):
        return
    response.headers.pop("content-encoding", None)
    # A charset such as hex makes the SDK raise; the body is JSON or it is nothing to us.
    response.headers["content-type"] = "application/json; charset=utf-8"
    response.stream = _Beginning(response.stream)


def _client(connection: Connection) -> openai.AsyncOpenAI:
    """A client for one call, over the shared pool."""
    client = openai.AsyncOpenAI(
        # The SDK takes the owner's key from the environment for None; an empty one is refused at construction.
        api_key=connection.api_key or "missing",
        base_url=connection.base_url,
        max_retries=0,
        http_client=_pool(connection),
    )
    # The SDK also takes these from the environment, where they are the owner's; a visitor's key must not travel with
    # them.
    client.organization = connection.organization or None
    client.project = connection.project or None
    client._custom_headers = dict(connection.headers)
    return client


# --- one attempt -----------------------------------------------------------------------------------------------------


class _Clock:
    """The three clocks of one attempt. Only content resets the silence; keep-alive comments do not."""

    def __init__(self, clocks: Clocks, *, patient: bool, streamed: bool) -> None:
        self.clocks = clocks
        self.start = time.monotonic()
        self.streamed = streamed
        self.first_token: float | None = None
        self.silent = 0.0
        first = clocks.patient_first_token if patient else clocks.first_token
        # Without streaming the first token comes with the last.
        self.first_limit = min(first, clocks.whole_answer) if streamed else clocks.whole_answer

    def elapsed(self) -> float:
        return time.monotonic() - self.start

    def content(self) -> None:
        if self.first_token is None:
            self.first_token = self.elapsed()
        self.silent = 0.0

    def left(self) -> tuple[float, str, float]:
        """Seconds left, the clock that runs out first, and its limit. Time that the reader takes is not silence."""
        whole = self.clocks.whole_answer - self.elapsed()
        if self.first_token is None:
            left, name, limit = self.first_limit - self.elapsed(), "first_token", self.first_limit
        else:
            left, name, limit = self.clocks.silence - self.silent, "silence", self.clocks.silence
        return (left, name, limit) if left <= whole else (whole, "whole_answer", self.clocks.whole_answer)

    async def run(self, step: Awaitable[T]) -> T:
        """Await one step under whichever clock runs out first. Raises TimedOut."""
        left, name, limit = self.left()
        began = time.monotonic()
        try:
            async with asyncio.timeout(max(left, 0.0)):
                return await step
        except TimeoutError:
            raise TimedOut(_TIMED_OUT[name].format(seconds=limit), clock=name, seconds=limit) from None
        finally:
            self.silent += time.monotonic() - began

    def timing(self) -> Timing:
        # Without streaming all tokens come at once, and the first of them says nothing about speed.
        return Timing(self.first_token if self.streamed else None, self.elapsed())


_TIMED_OUT = {
    "first_token": "The server accepted the request but sent nothing for {seconds:g} seconds.",
    "silence": "The answer stopped: nothing came for {seconds:g} seconds.",
    "whole_answer": "The answer took longer than {seconds:g} seconds and was ended here.",
}


async def _attempt(connection: Connection, body: dict[str, Any], clock: _Clock) -> AsyncGenerator[Delta | Answer, None]:
    fold = Fold(clock.content, connection.api_key)
    answering = False
    async with AsyncExitStack() as stack:
        try:
            create = _client(connection).chat.completions.with_streaming_response.create(**body)
            response = await clock.run(stack.enter_async_context(create))
            answering = True
            async for line in _lines(_decoded(response), clock):
                for delta in fold.take(line):
                    yield delta
                if fold.done:
                    break
            for delta in fold.close():
                yield delta
        except openai.OpenAIError as error:
            raise _translated(error, connection, str(body["model"])) from None
        except httpx2.HTTPError:
            raise _cut(connection, clock, answering=answering) from None
        except ChatError as error:
            error.usage = fold.usage
            raise
        except Exception as error:
            # The SDK and its transport let out more than their own errors, before the answer and inside it.
            log.warning("%s from %s", type(error).__name__, connection.host)
            if clock.first_token is None and isinstance(error, ValueError | TypeError):
                raise BadRequest("This request cannot be put on the wire.") from None
            raise NotChatCompletions("The server's answer cannot be read.") from None
    reply = fold.reply()
    yield Answer(reply, clock.timing())


def _decoded(response: openai.AsyncAPIResponse[Any]) -> AsyncIterator[bytes]:
    """The bytes of a body. Packed ones were not asked for, and a few of them can unpack to gigabytes."""
    if response.headers.get("content-encoding", "identity") != "identity":
        raise NotChatCompletions("The server packs its answers in a way that nobody asked for.")
    return response.iter_bytes()


async def _lines(chunks: AsyncIterator[bytes], clock: _Clock) -> AsyncIterator[bytes]:
    """The body's lines, split at line feeds alone: U+2028 and U+0085 may stand inside the JSON."""
    rest = bytearray()
    received = 0
    worked = time.monotonic()
    while (chunk := await clock.run(anext(chunks, None))) is not None:
        received += len(chunk)
        if received > LARGEST_BODY:
            raise StreamCut("The answer has no end and was ended here.")
        *lines, tail = chunk.split(b"\n")
        for line in lines:
            if rest:
                line, rest = bytes(rest + line), bytearray()
            yield line.rstrip(b"\r")
            if time.monotonic() - worked > WORK_SLICE:
                await asyncio.sleep(0)
                worked = time.monotonic()
        rest += tail
    if rest:
        yield bytes(rest).rstrip(b"\r")


# --- failures --------------------------------------------------------------------------------------------------------


def _pause_before_retry(error: ChatError, attempt: int, clocks: Clocks) -> float | None:
    """Seconds until the next try; None where there is to be none."""
    if attempt > clocks.retries or not isinstance(error, RateLimited | ServerFailed | Unreachable):
        return None
    asked = float(error.fields.get("seconds", 0))
    if asked > clocks.longest_wait:
        return None
    return asked or clocks.retry_pause * 2 ** (attempt - 1) * random.uniform(0.75, 1.25)


def _record(error: ChatError, connection: Connection, clock: _Clock) -> None:
    log.warning(
        "%s from %s: status %s, request %s, %.1f s",
        error.kind,
        connection.host,
        error.status,
        error.request_id,
        clock.elapsed(),
    )


def _cut(connection: Connection, clock: _Clock, *, answering: bool) -> ChatError:
    """``answering``: the server had begun to. Without streaming the whole answer is written by then, and paid for."""
    if clock.first_token is None and (clock.streamed or not answering):
        return _unreachable(connection)
    return StreamCut("The connection ended in the middle of the answer.")


def _unreachable(connection: Connection) -> Unreachable:
    return Unreachable(f"No connection to {connection.host}.", host=connection.host)


def _translated(error: openai.OpenAIError, connection: Connection, model: str) -> ChatError:
    """The SDK's exception as one of ours. Its text is never passed on as it is: a 401 repeats parts of the key."""
    if isinstance(error, openai.APIStatusError):
        body, headers = error.body, error.response.headers
        return refusal(connection, error.status_code, body, model, headers=headers, request_id=error.request_id)
    if isinstance(error, openai.APIConnectionError):
        return _unreachable(connection)
    return BadRequest("The request could not be sent.")


def refusal(
    connection: Connection,
    status: int,
    error: object,
    model: str,
    *,
    headers: Mapping[str, str] | None = None,
    request_id: str | None = None,
) -> ChatError:
    """What a response of 300 or more says. ``error``: the API's error object.  ``model``: that was asked for; empty:
    none."""
    headers = headers or {}
    body = error if isinstance(error, dict) else {}
    message = str(body.get("message") or body.get("detail") or "")
    code = str(body.get("code") or body.get("type") or "")
    common: dict[str, Any] = {"status": status, "request_id": _request_id(request_id, connection.api_key)}
    if status == 401:
        if connection.api_key in ("", "missing", "not-needed"):
            return KeyMissing("This server needs an API key.", **common)
        return KeyRefused("The server does not accept this API key.", **common)
    common["server_words"] = server_words(message, connection.api_key)
    if status == 402 or "insufficient_quota" in (code, body.get("type")):
        return QuotaExceeded("The account's quota is used up.", **common)
    if status == 429:
        return RateLimited("The server limits the rate of requests.", **common, seconds=_retry_after(headers))
    if status == 403:
        return AccessDenied("This key may not do that.", **common)
    if status == 404:
        if model and (code == "model_not_found" or "model" in message.lower()):
            return ModelNotFound(f"This server has no model {model}.", **common, model=model)
        return EndpointNotFound("There is no Chat Completions API at this base URL.", **common, host=connection.host)
    if status >= 500 or status in (408, 409):
        return ServerFailed(f"The server failed (status {status}).", **common, seconds=_retry_after(headers))
    if status < 400:
        return EndpointNotFound("There is no Chat Completions API at this base URL.", **common, host=connection.host)
    return _bad_request(message, code, body, common)


def _request_id(told: str | None, key: str) -> str | None:
    """The server's name for the request, if it is a name: the header comes from outside, like everything else."""
    name = told or ""
    return name if re.fullmatch(r"[\w.:-]{1,128}", name) and not names_key(name, key) else None


def _bad_request(message: str, code: str, body: dict[str, Any], common: dict[str, Any]) -> ChatError:
    param = str(body.get("param") or "")
    if is_context(code, message):
        return ContextTooLong("The messages do not fit into the model's context window.", **common)
    if code == "invalid_image_url" or _IMAGE_NOT_FETCHED.search(message):
        return ImageNotFetched("The server could not fetch a picture.", **common)
    if _IMAGE_REFUSED.search(message) or "image" in param:
        return ImageRefused("The model does not take this picture.", **common)
    if found := _PARAMETER_REFUSED.search(message):
        parameter = next(group for group in found.groups() if group)
        return ParameterRefused(f"The model does not take {parameter}.", **common, parameter=parameter)
    if re.fullmatch(r"[a-z_]{1,64}", param) and not param.startswith("messages"):
        return ParameterRefused(f"The model does not take {param}.", **common, parameter=param)
    return BadRequest("The server refused the request.", **common)


# Code and param of a refusal can both be null; the beginnings of the messages are what is steady.
_PARAMETER_REFUSED = re.compile(
    r"Unsupported (?:parameter|value): '([\w.]+)'|Unrecognized request argument supplied: ([\w.]+)"
    r"|[Uu]nknown (?:parameter|argument):? '?([\w.]+)|(stream_options|response_format)\b.{0,60}not supported"
)
_IMAGE_REFUSED = re.compile(
    r"image_url is only supported|unsupported image|does not support image|not a multimodal model"
    r"|requires \d+ patches|invalid (?:the )?image",
    re.IGNORECASE,
)
# OpenAI: "Error while downloading URL.", "Timeout while downloading URL.", "Failed to download image from URL. ...".
# Ollama fetches nothing, and says of a URL that it is an "invalid image input".
_IMAGE_NOT_FETCHED = re.compile(
    r"(?:error|timeout|timed out|failed|unable|could not|cannot)\b.{0,12}\b(?:download|fetch|load)(?:ing)?\b"
    r"|(?:downloading|fetching) (?:the )?image|invalid image (?:input|url)",
    re.IGNORECASE,
)


def _retry_after(headers: Mapping[str, str]) -> float:
    """Seconds that the server asks to wait (``retry-after-ms``, or ``retry-after`` as seconds or as a date); 0:
    nothing said."""
    try:
        if milliseconds := headers.get("retry-after-ms"):
            return min(max(0.0, float(milliseconds) / 1000), 86_400.0)
        value = headers.get("retry-after", "")
        if value.replace(".", "", 1).isdecimal():
            return min(float(value), 86_400.0)
        return max(0.0, email.utils.parsedate_to_datetime(value).timestamp() - time.time()) if value else 0.0
    except (ValueError, TypeError):
        return 0.0
