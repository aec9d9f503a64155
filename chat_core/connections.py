"""Where requests go: the value ``Connection``, and the rules by which one is chosen or typed in. Pure; nothing is
opened here."""

import ipaddress
import unicodedata
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit, urlunsplit

from chat_core.errors import ConnectionInputError
from chat_core.settings import Settings

OPENAI_BASE_URL = "https://api.openai.com/v1"
DEFAULT_OPENAI_MODEL = "gpt-5.4-mini"
# Servers without keys still get a header: some refuse a request that has none.
PLACEHOLDER_KEY = "not-needed"
# The demo model takes any key; this one lets its drill of a wrong key refuse a key, not the lack of one.
DEMO_KEY = "demo-key"
# How the names of the demo family's drills begin: models that fail as real servers do.
DRILL_PREFIX = "drill-"
LONGEST_URL = 2000

Kind = Literal["openai", "custom", "local", "demo"]


@dataclass(frozen=True, slots=True)
class Connection:
    """One server and the key for it.

    ``kind``: ``local`` is any server on this machine's loopback but the demo model.  ``model``: the model to begin
    with; empty: the first that ``/models`` lists.  ``typed``: given by the visitor, so nothing of the owner's
    environment goes with it.  ``guarded``: only public addresses may be reached (a visitor's server on a public
    deployment).
    """

    kind: Kind
    base_url: str
    api_key: str = field(default="", repr=False)
    model: str = ""
    organization: str = ""
    project: str = ""
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    typed: bool = False
    guarded: bool = False

    @property
    def host(self) -> str:
        """Host and port, fit to be shown."""
        return urlsplit(self.base_url).netloc

    @property
    def loopback(self) -> bool:
        """Whether the traffic stays on this machine (and must not go through a proxy)."""
        return is_loopback(urlsplit(self.base_url).hostname or "")

    @property
    def free(self) -> bool:
        """Whether nobody is charged: the demo model, and models on this machine."""
        return self.kind in ("demo", "local")


def is_loopback(host: str) -> bool:
    """Whether a host name or address is this machine's loopback."""
    host = host.lower().strip("[]")
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def clean_key(key: str) -> str:
    """The key without the blanks and line ends that copying adds.

    Raises ConnectionInputError for a key that no HTTP header can carry; the SDK would call that a connection error.
    """
    key = key.strip().strip("\"'").strip()
    if any(not 33 <= ord(char) <= 126 for char in key):
        raise ConnectionInputError(
            "This key holds blanks, line ends or letters that no API key has. Copy it again.", reason="key_characters"
        )
    return key


def clean_base_url(url: str) -> str:
    """A base URL as the SDK wants it: with a scheme, without blanks, query or a trailing ``/chat/completions``.

    Raises ConnectionInputError with the reason ``url_scheme``, ``url_host``, ``url_userinfo`` or ``url_port``.
    """
    if len(url) > LONGEST_URL:
        raise ConnectionInputError("This base URL names no server.", reason="url_host")
    url = "".join(char for char in url.strip().strip("\"'") if not unicodedata.category(char).startswith("C"))
    if "://" not in url:
        # "localhost:11434/v1" is what people type; a scheme is guessed only where no secret travels in clear.
        guess = "http://" if is_loopback(url.split("/")[0].rsplit(":", 1)[0]) else "https://"
        url = guess + url
    try:
        parts = urlsplit(url)
    except ValueError:
        raise ConnectionInputError("This base URL names no server.", reason="url_host") from None
    if parts.scheme not in ("http", "https"):
        raise ConnectionInputError("A base URL starts with https:// (or http:// on this machine).", reason="url_scheme")
    try:
        port = parts.port
    except ValueError:
        raise ConnectionInputError("The port in this base URL is no port.", reason="url_port") from None
    if not parts.hostname or any(char.isspace() for char in parts.netloc):
        raise ConnectionInputError("This base URL names no server.", reason="url_host")
    if parts.username or parts.password:
        raise ConnectionInputError("Put the key into the key field, not into the base URL.", reason="url_userinfo")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    path = parts.path.rstrip("/").removesuffix("/chat/completions").rstrip("/")
    return urlunsplit((parts.scheme, f"{host}:{port}" if port else host, path, "", ""))


def from_settings(settings: Settings) -> Connection | None:
    """The owner's connection from environment or ``.env``; None where neither a key nor a base URL is set."""
    if not settings.api_key and not settings.base_url:
        return None
    base_url = clean_base_url(settings.base_url) if settings.base_url else OPENAI_BASE_URL
    kind = _kind(base_url)
    return Connection(
        kind=kind,
        base_url=base_url,
        api_key=clean_key(settings.api_key) or (PLACEHOLDER_KEY if kind != "openai" else ""),
        model=settings.model or (DEFAULT_OPENAI_MODEL if kind == "openai" else ""),
        organization=settings.organization,
        project=settings.project,
        headers=settings.headers,
    )


def from_visitor(api_key: str, base_url: str, *, public: bool) -> Connection:
    """A connection typed into the page. It never falls back to the owner's key.

    ``public``: on a public deployment a private address is refused here when it is written out, and at connection time
    when a name turns out to point to one (``guarded``).  Raises ConnectionInputError.
    """
    key = clean_key(api_key)
    url = clean_base_url(base_url) if base_url.strip() else OPENAI_BASE_URL
    kind = _kind(url)
    host = urlsplit(url).hostname or ""
    if kind == "openai" and not key:
        raise ConnectionInputError(
            "OpenAI needs a key. Type yours, or give the base URL of a server that needs none.", reason="key_missing"
        )
    if public and (is_loopback(host) or _is_private_literal(host)):
        raise ConnectionInputError(
            "On this public page only servers with a public address can be used.", reason="url_private"
        )
    if public and not url.startswith("https://"):
        raise ConnectionInputError("On this public page only https:// servers can be used.", reason="url_https")
    return Connection(
        kind=kind,
        base_url=url,
        api_key=key or PLACEHOLDER_KEY,
        model=DEFAULT_OPENAI_MODEL if kind == "openai" else "",
        typed=True,
        guarded=public,
    )


def local(base_url: str) -> Connection:
    """A model server found on this machine."""
    return Connection(kind="local", base_url=base_url, api_key=PLACEHOLDER_KEY)


def demo(base_url: str) -> Connection:
    """The built-in demo model."""
    return Connection(kind="demo", base_url=base_url, api_key=DEMO_KEY, model="demo")


def _kind(base_url: str) -> Kind:
    host = urlsplit(base_url).hostname or ""
    if host == "api.openai.com" or host.endswith(".api.openai.com"):
        return "openai"
    return "local" if is_loopback(host) else "custom"


def _is_private_literal(host: str) -> bool:
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return False
