"""ASGI layers in front of Gradio: what an answer may load, and which files an event may name.

Pure ASGI, for a layer that wraps the response object would hold back the event streams.  Given to Gradio as
``launch(app_kwargs={"middleware": middleware()})``.
"""

import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware import Middleware
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MAX_EVENT_BYTES = 16 * 1024 * 1024

# Gradio's page needs inline scripts, inline styles and blobs of its own; nothing comes from another host.  There is no
# frame-ancestors: a Hugging Face Space is shown inside a frame of huggingface.co.
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "media-src 'self' data: blob:",
        "font-src 'self' data:",
        "connect-src 'self' data: blob:",
        "worker-src 'self' blob:",
        "frame-src 'self' blob:",
        "object-src 'none'",
        "form-action 'none'",
        "base-uri 'self'",
    )
)

_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}

_REMOTE_ROUTE = re.compile(r"/(?:file[=/]|proxy=)\s*https?:", re.IGNORECASE)
_REMOTE_URL = re.compile(r"\s*(?:https?:)?[/\\]{2}", re.IGNORECASE)
# JSON may spell any letter as \uXXXX, so a body with such an escape is looked into as well.
_WORTH_PARSING = re.compile(rb"https?:|\"\s*[/\\]{2}|\\u|constructor_args", re.IGNORECASE)

REFUSED_FILE = "A file must be uploaded first; this server fetches none from other addresses."
REFUSED_SIZE = f"The request is larger than {MAX_EVENT_BYTES // 1024 // 1024} MB."
REFUSED_COMPONENT = "A message holds text and uploaded files, no components."
REFUSED_ENCODING = "The request is not in UTF-8."
REFUSED_DEPTH = "The request is nested too deeply."


class SecurityHeaders:
    """Adds a content security policy and two plain headers to every response.

    The policy is what keeps a hostile answer from sending the chat away: pictures, films, style sheets, fonts and
    requests of the page reach this server only, and no form can be sent.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(_HEADERS)
            await send(message)

        await self.app(scope, receive, send_with_headers)


class RemoteFileGate:
    """Refuses requests that would make Gradio fetch a file from another server, and event bodies that are too large.

    Gradio downloads a remote ``FileData`` while it reads the arguments of an event, before any function of ours runs
    and without a limit of size; its routes ``file=`` and ``proxy=`` relay remote addresses as well.  Uploads are
    passed on unread: ``launch(max_file_size=...)`` limits them.
    """

    def __init__(self, app: ASGIApp, max_bytes: int = MAX_EVENT_BYTES) -> None:
        self.app = app
        self.max_bytes = max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
        elif _REMOTE_ROUTE.search(scope["path"]):
            await _refuse(400, REFUSED_FILE, scope, receive, send)
        elif scope["method"] != "POST" or scope["path"].rstrip("/").endswith("/upload"):
            await self.app(scope, receive, send)
        else:
            await self._check_event(scope, receive, send)

    async def _check_event(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        body = await _read(receive, self.max_bytes) if _announced(headers) <= self.max_bytes else None
        if body is None:
            await _refuse(413, REFUSED_SIZE, scope, receive, send)
            return
        if b"\0" in body:
            # JSON in UTF-16 or UTF-32, which Gradio would read and the search below would not.
            await _refuse(400, REFUSED_ENCODING, scope, receive, send)
            return
        try:
            refusal = refusal_of(body, _own_hosts(headers))
        except RecursionError:
            refusal = REFUSED_DEPTH
        if refusal:
            await _refuse(400, refusal, scope, receive, send)
            return
        await self.app(scope, _replay(body, receive), send)


def middleware() -> list[Middleware]:
    """The layers in the order in which a request meets them."""
    return [Middleware(SecurityHeaders), Middleware(RemoteFileGate)]


def refusal_of(body: bytes, own_hosts: frozenset[str]) -> str | None:
    """Why a JSON body is not passed on to Gradio; None where it may be.

    Refused are a file dict (one with a ``path``) whose path or url lies on another server, and a component dict inside
    a transcript: Gradio would build that component with the client's own arguments, and open any file named there.
    ``own_hosts``: hosts (with port) whose ``http`` urls mean this server.  A body that is no JSON holds neither. Text
    that merely contains an address is no file.  Raises RecursionError for absurdly deep JSON.
    """
    if not _WORTH_PARSING.search(body):
        return None
    try:
        data = json.loads(body)
    except ValueError:
        return None
    for value in _dicts(data):
        if "constructor_args" in value:
            return REFUSED_COMPONENT
        if _is_remote_file(value, own_hosts):
            return REFUSED_FILE
    return None


def _is_remote_file(value: dict[str, Any], own_hosts: frozenset[str]) -> bool:
    path, url = value.get("path"), value.get("url")
    if not isinstance(path, str):
        return False
    if _REMOTE_URL.match(path):
        return True
    return isinstance(url, str) and bool(_REMOTE_URL.match(url)) and not _is_own(url, own_hosts)


def _is_own(url: str, own_hosts: frozenset[str]) -> bool:
    try:
        host = urlsplit(url.strip()).netloc.lower()
    except ValueError:
        return False
    return host in own_hosts


def _own_hosts(headers: Headers) -> frozenset[str]:
    """How the browser calls this server: Gradio builds file urls from the same two headers."""
    names = (headers.get("host", ""), headers.get("x-forwarded-host", ""))
    return frozenset(name.strip().lower() for line in names for name in line.split(",") if name.strip())


def _dicts(data: Any) -> Iterator[dict[str, Any]]:
    """Every dict inside parsed JSON, without recursion."""
    pending = [data]
    while pending:
        value = pending.pop()
        if isinstance(value, dict):
            yield value
            pending.extend(value.values())
        elif isinstance(value, list):
            pending.extend(value)


def _announced(headers: Headers) -> int:
    """The content length in bytes; 0 if none was announced (the body is counted while it is read)."""
    length = headers.get("content-length", "0")
    return int(length) if length.isdecimal() else 0


async def _read(receive: Receive, max_bytes: int) -> bytes | None:
    """The whole body, or None if it is longer than ``max_bytes``."""
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > max_bytes:
            return None
        chunks.append(chunk)
        if not message.get("more_body", False):
            return b"".join(chunks)


def _replay(body: bytes, receive: Receive) -> Receive:
    """A receive that gives the body once and then what the server says next (the end of the connection)."""
    given = False

    async def replay() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay


async def _refuse(status: int, sentence: str, scope: Scope, receive: Receive, send: Send) -> None:
    await JSONResponse({"detail": sentence}, status_code=status)(scope, receive, send)
