"""URLs that people paste: fetched so that nobody can aim this machine at its own network. The only importer of httpx.

Every address of every hop is looked up once, checked, and connected to by number, so that a name cannot mean one thing
to the check and another to the connection. safehttpx, which Gradio brings for this, is not used: it lets
carrier-grade NAT, cloud metadata addresses and any port pass, reads bodies without a limit, loses every time-out, and
asks a public DNS service behind the system's back.
"""

import asyncio
import functools
import ipaddress
import re
import socket
import ssl
import zlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from urllib.parse import unquote

import httpx

from chat_core.errors import FetchError, ImageError
from chat_core.images import load_image
from chat_core.messages import Detail, ImagePart

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolver = Callable[[str], Awaitable[Sequence[str]]]
"""A host name to its addresses, as text. Raises ``OSError`` where there are none."""


@dataclass(frozen=True, slots=True)
class Limits:
    """``bytes``: of the body, unpacked and on the wire. ``seconds``: for all hops together. ``redirects``: how many."""

    bytes: int = 10_000_000
    seconds: float = 15.0
    redirects: int = 5


@dataclass(frozen=True, slots=True)
class Fetched:
    """A body. ``media_type``: what the server calls it (not what it is). ``url``: where it came from in the end."""

    data: bytes
    media_type: str
    url: str


async def fetch_url(url: str, *, limits: Limits | None = None) -> Fetched:
    """What ``url`` gives: http or https, ports 80 and 443, public addresses only, within ``limits``.

    Raises ``FetchError`` with one of the reasons ``malformed``, ``scheme``, ``userinfo``, ``port``, ``private_address``
    (these five before any connection), ``unresolvable``, ``unreachable``, ``too_many_redirects``, ``status`` (the
    error's ``status`` says which), ``too_large``, ``timed_out`` and ``not_a_picture`` (packed in a way that nobody
    asked for).
    """
    return await Fetcher(limits or Limits()).fetch(url)


async def fetch_image(url: str, *, detail: Detail | None = None, limits: Limits | None = None) -> ImagePart:
    """The picture at ``url``, fetched as by ``fetch_url`` and cleaned as by ``load_image``, in a thread.

    Raises ``FetchError``, with the reason ``not_a_picture`` for a page or a drawing, and ``ImageError`` for a picture
    that cannot be sent (damaged, too many pixels, a HEIC that cannot be read).
    """
    return await Fetcher(limits or Limits()).fetch_image(url, detail=detail)


async def resolve(host: str) -> list[str]:
    """The addresses of ``host`` by the system's own resolver, in its order of preference."""
    found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


# Beside what ``ipaddress`` calls not global; its lists of special addresses grew during Python 3.11 and 3.12.
_REFUSED_V4 = tuple(
    map(
        ipaddress.IPv4Network,
        (
            "0.0.0.0/8",
            "100.64.0.0/10",  # carrier-grade NAT; Alibaba's metadata is 100.100.100.200
            "168.63.129.16/32",  # Azure's metadata and DNS, on a public number
            "192.0.0.0/24",  # protocol assignments; Oracle's metadata is 192.0.0.192
            "192.88.99.0/24",  # 6to4 relays
            "224.0.0.0/3",  # multicast, reserved, broadcast
        ),
    )
)
_GLOBAL_V6 = ipaddress.IPv6Network("2000::/3")  # Leaves out mapped, compatible, NAT64, local and multicast addresses.
_REFUSED_V6 = tuple(
    map(
        ipaddress.IPv6Network,
        (
            "2001::/23",  # protocol assignments, Teredo among them
            "2001:db8::/32",  # documentation
            "2002::/16",  # 6to4, which holds an IPv4 address
            "3fff::/20",  # documentation
        ),
    )
)


def is_public(address: Address) -> bool:
    """True if ``address`` is of the open internet: no private, shared, special or translated one.

    Source: IANA's registries of special-purpose addresses, and the cloud providers' pages on their metadata services.
    """
    if isinstance(address, ipaddress.IPv4Address):
        return address.is_global and not any(address in network for network in _REFUSED_V4)
    outside = address not in _GLOBAL_V6 or address.scope_id is not None
    return not outside and address.is_global and not any(address in network for network in _REFUSED_V6)


_SENTENCES = {
    "malformed": "This is not a URL that can be fetched.",
    "scheme": "Only http and https URLs can be fetched.",
    "userinfo": "A URL with a user name in it is not fetched.",
    "port": "Only URLs on the ports 80 and 443 are fetched.",
    "private_address": "{host} is not on the public internet, so it is not fetched.",
    "unresolvable": "There is no server of the name {host}.",
    "unreachable": "{host} could not be reached, or broke off.",
    "too_many_redirects": "{host} sends from one address to the next, too often.",
    "status": "{host} answered with the status {status} and no picture.",
    "too_large": "What {host} sends is too large.",
    "timed_out": "{host} took too long.",
    "not_a_picture": "What {host} sends is not a picture.",
}
_PORTS = {"http": 80, "https": 443}
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_HEADERS = {"Accept": "image/*", "Accept-Encoding": "identity", "User-Agent": "Vitrine (pictures pasted by a person)"}
_CONNECT_SECONDS = 4.0
_MOST_ADDRESSES = 4
_LONGEST_URL = 8192
_HOST = re.compile(r"(?=.{1,253}\Z)[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*")
# A host whose last label is a number is an address in some notation (WHATWG URL, "ends in a number").
_NUMERIC_HOST = re.compile(r"(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)")
# A picture's address may hold a page, or a drawing; these reasons all say so.
_NO_PICTURE = frozenset({"not_a_picture", "svg", "eps", "pdf", "html", "empty"})


@dataclass(frozen=True, slots=True)
class Fetcher:
    """Fetches by rules of its own. The defaults are the safe ones; ``fetch_url`` and ``fetch_image`` use them.

    ``resolve``: for another resolver than the system's.  ``allow``: which addresses may be connected to (all of a
    name's, or none is).  ``ports``: which ports.  The last two are for tests, which serve from loopback.
    """

    limits: Limits = field(default_factory=Limits)
    resolve: Resolver = resolve
    allow: Callable[[Address], bool] = is_public
    ports: frozenset[int] = frozenset(_PORTS.values())

    async def fetch(self, url: str) -> Fetched:
        """See ``fetch_url``."""
        first = _parsed(url)
        try:
            async with asyncio.timeout(self.limits.seconds):
                return await self._followed(first)
        except TimeoutError as error:
            raise _refusal("timed_out", first.host) from error

    async def fetch_image(self, url: str, *, detail: Detail | None = None) -> ImagePart:
        """See the function ``fetch_image``."""
        fetched = await self.fetch(url)
        address = httpx.URL(fetched.url)
        name = unquote(address.path.rsplit("/", 1)[-1])
        try:
            return await asyncio.to_thread(load_image, fetched.data, name=name, detail=detail)
        except ImageError as error:
            if error.fields["reason"] in _NO_PICTURE:
                raise _refusal("not_a_picture", address.host) from error
            raise

    async def _followed(self, url: httpx.URL) -> Fetched:
        # No proxy and no .netrc from the environment: they would connect for us, to whatever the name means to them.
        # No connection is kept: the pool knows it by its number, and would reuse it for another name's TLS.
        async with httpx.AsyncClient(
            verify=_tls(),
            trust_env=False,
            follow_redirects=False,
            timeout=httpx.Timeout(None, connect=_CONNECT_SECONDS),
            limits=httpx.Limits(max_keepalive_connections=0),
        ) as client:
            for _ in range(self.limits.redirects + 1):
                answer = await self._hop(client, url)
                if isinstance(answer, Fetched):
                    return answer
                url = answer
        raise _refusal("too_many_redirects", url.host)

    async def _hop(self, client: httpx.AsyncClient, url: httpx.URL) -> Fetched | httpx.URL:
        """What ``url`` gives, or where it sends us; from the first of its addresses that takes a connection."""
        addresses = await self._checked(url)
        failure: Exception | None = None
        for address in addresses[:_MOST_ADDRESSES]:
            try:
                return await self._asked(client, url, address)
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                failure = error
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                raise _refusal("unreachable", url.host) from error
        raise _refusal("unreachable", url.host) from failure

    async def _checked(self, url: httpx.URL) -> list[Address]:
        """The addresses of the URL's host, all of them allowed; nothing has been connected to so far."""
        if (_PORTS[url.scheme] if url.port is None else url.port) not in self.ports:
            raise _refusal("port", url.host)
        if literal := _literal(_host(url)):
            addresses = [literal]
        else:
            try:
                addresses = [ipaddress.ip_address(found) for found in await self.resolve(_host(url))]
            except (OSError, ValueError) as error:  # UnicodeError, too, of a name that DNS cannot hold
                raise _refusal("unresolvable", url.host) from error
        if not addresses:
            raise _refusal("unresolvable", url.host)
        if not all(map(self.allow, addresses)):
            raise _refusal("private_address", url.host)
        return addresses

    async def _asked(self, client: httpx.AsyncClient, url: httpx.URL, address: Address) -> Fetched | httpx.URL:
        async with client.stream(
            "GET",
            url.copy_with(host=str(address), fragment=None),
            headers={**_HEADERS, "Host": url.netloc.decode("ascii")},
            # The name that the certificate is checked against.
            extensions={"sni_hostname": _host(url)},
        ) as response:
            location = response.headers.get("location")
            if response.status_code in _REDIRECTS and location:
                return _parsed(location, base=url)
            if response.status_code != 200:
                raise _refusal("status", url.host, status=response.status_code)
            media_type = response.headers.get("content-type", "").partition(";")[0].strip().lower()
            return Fetched(await self._body(response, url.host), media_type, str(url))

    async def _body(self, response: httpx.Response, host: str) -> bytes:
        """The body, unpacked here: httpx unpacks whole chunks, and 64 kB of zeros in gzip are 64 MB."""
        limit = self.limits.bytes
        declared = response.headers.get("content-length", "")
        if declared.isdecimal() and int(declared[:20]) > limit:
            raise _refusal("too_large", host)
        packed = response.headers.get("content-encoding", "identity").strip().lower()
        if packed not in ("identity", "", "gzip", "x-gzip", "deflate"):
            raise _refusal("not_a_picture", host)
        unpack = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32) if packed not in ("identity", "") else None
        body, received = bytearray(), 0
        async for chunk in response.aiter_raw():
            received += len(chunk)
            try:
                body += unpack.decompress(chunk, limit + 1 - len(body)) if unpack else chunk
            except zlib.error as error:
                raise _refusal("not_a_picture", host) from error
            if max(len(body), received) > limit:
                raise _refusal("too_large", host)
        return bytes(body)


@functools.cache
def _tls() -> ssl.SSLContext:
    """Made once: reading the certificates takes some tens of milliseconds."""
    return httpx.create_ssl_context(trust_env=False)


def _refusal(reason: str, host: str, *, status: int | None = None) -> FetchError:
    sentence = _SENTENCES[reason].format(host=host or "The URL", status=status)
    return FetchError(sentence, status=status, host=host, reason=reason)


def _parsed(text: str, base: httpx.URL | None = None) -> httpx.URL:
    """The URL, if it is one that may be fetched at all; relative ones (of a redirect) start from ``base``."""
    try:
        if len(text) > _LONGEST_URL:
            raise httpx.InvalidURL("too long")
        url = base.join(text.strip()) if base else httpx.URL(text.strip())
        host = _host(url)
    except (httpx.InvalidURL, UnicodeError, ValueError) as error:
        raise _refusal("malformed", "") from error
    if url.scheme not in _PORTS:
        raise _refusal("scheme", url.host)
    if url.userinfo:
        raise _refusal("userinfo", url.host)
    if _literal(host) is None and (not _HOST.fullmatch(host) or _NUMERIC_HOST.fullmatch(host)):
        raise _refusal("malformed", url.host)
    return url


def _host(url: httpx.URL) -> str:
    """The host in ASCII, without the dot that ends an absolute name."""
    return url.raw_host.decode("ascii").lower().removesuffix(".")


def _literal(host: str) -> Address | None:
    """The address that ``host`` is, in any notation that a resolver would take: 127.1, 0x7f000001, 017700000001."""
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        pass
    if not _NUMERIC_HOST.fullmatch(host):
        return None
    try:
        return ipaddress.IPv4Address(socket.inet_aton(host))
    except OSError:
        return None
