"""The guarded fetch: what is refused before any connection, and what is cut short."""

import asyncio
import gzip
import ipaddress
import tracemalloc
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from io import BytesIO

import pytest
from PIL import Image

from chat_core.errors import FetchError, ImageError
from chat_core.fetch import Address, Fetched, Fetcher, Limits, fetch_image, fetch_url, is_public, resolve

Handler = Callable[[bytes, asyncio.StreamWriter], Awaitable[None]]


def picture(kind: str = "PNG") -> bytes:
    file = BytesIO()
    Image.new("RGB", (4, 3), "teal").save(file, kind)
    return file.getvalue()


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


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    async with Server().open() as opened:
        yield opened


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


def pinned(server: Server, limits: Limits | None = None, names: Names | None = None) -> Fetcher:
    """A fetcher for which ``pictures.example`` is the scripted server; loopback, and nothing else, is allowed."""
    names = names or Names(pictures_example=["127.0.0.1"], other_example=["127.0.0.1"])
    return Fetcher(
        limits=limits or Limits(),
        resolve=names,
        allow=lambda address: address == ipaddress.ip_address("127.0.0.1"),
        ports=frozenset({80, 443, server.port}),
    )


async def reason_of(fetching: Awaitable[object]) -> str:
    with pytest.raises(FetchError) as refused:
        await fetching
    assert refused.value.message
    return str(refused.value.fields["reason"])


NEVER_FETCHED = [
    # Not a URL to fetch at all.
    ("", "scheme"),
    ("cat.png", "scheme"),
    ("//pictures.example/cat.png", "scheme"),
    ("file:///etc/passwd", "scheme"),
    ("ftp://127.0.0.1:{port}/", "scheme"),
    ("gopher://127.0.0.1:{port}/", "scheme"),
    ("data:image/png;base64,AAAA", "scheme"),
    ("javascript:alert(1)", "scheme"),
    ("http://", "malformed"),
    ("http:///cat.png", "malformed"),
    ("http://exa\nmple.com/", "malformed"),
    ("http://a..b/", "malformed"),
    ("http://%31%32%37.0.0.1:{port}/", "malformed"),
    ("http://①②⑦.⓪.⓪.①:{port}/", "malformed"),
    ("http://0177.0.0.1:{port}/", "malformed"),
    ("http://127.0.0.1.5:{port}/", "malformed"),
    ("http://256.1.1.1/", "malformed"),
    ("http://" + "a" * 64 + ".com/", "malformed"),
    ("http://pictures.example/" + "a" * 9000, "malformed"),
    ("http://me@pictures.example/", "userinfo"),
    ("http://me:secret@127.0.0.1:{port}/", "userinfo"),
    ("http://pictures.example\\@127.0.0.1:{port}/", "userinfo"),
    # Ports.
    ("http://pictures.example:22/", "port"),
    ("http://pictures.example:0/", "port"),
    ("http://pictures.example:8080/", "port"),
    ("https://pictures.example:6379/", "port"),
    # Numbers, in every notation.
    ("http://127.0.0.1:{port}/", "private_address"),
    ("http://127.0.0.1.:{port}/", "private_address"),
    ("http://127.1:{port}/", "private_address"),
    ("http://2130706433:{port}/", "private_address"),
    ("http://0x7f000001:{port}/", "private_address"),
    ("http://0X7F.1:{port}/", "private_address"),
    ("http://017700000001:{port}/", "private_address"),
    ("http://127。0。0。1:{port}/", "private_address"),
    ("http://0:{port}/", "private_address"),
    ("http://0.0.0.0:{port}/", "private_address"),
    ("http://10.0.0.1/", "private_address"),
    ("http://172.16.0.1/", "private_address"),
    ("http://192.168.0.1/", "private_address"),
    ("http://169.254.169.254/latest/meta-data/", "private_address"),
    ("http://100.100.100.200/", "private_address"),
    ("http://192.0.0.192/", "private_address"),
    ("http://168.63.129.16/", "private_address"),
    ("http://198.18.0.1/", "private_address"),
    ("http://224.0.0.1/", "private_address"),
    ("http://255.255.255.255/", "private_address"),
    ("http://[::1]:{port}/", "private_address"),
    ("http://[::]:{port}/", "private_address"),
    ("http://[::ffff:127.0.0.1]:{port}/", "private_address"),
    ("http://[::127.0.0.1]:{port}/", "private_address"),
    ("http://[64:ff9b::7f00:1]/", "private_address"),
    ("http://[2002:7f00:1::]/", "private_address"),
    ("http://[2001:0:7f00:1::]/", "private_address"),
    ("http://[fe80::1%25lo]/", "private_address"),
    ("http://[fd00:ec2::254]/", "private_address"),
    ("http://[ff02::1]/", "private_address"),
    # Names.
    ("http://localhost:{port}/", "private_address"),
    ("http://LOCALHOST.:{port}/", "private_address"),
    ("http://inside.example:{port}/", "private_address"),
    ("http://mixed.example:{port}/", "private_address"),
    ("http://scoped.example:{port}/", "private_address"),
    ("http://odd.example:{port}/", "unresolvable"),
    ("http://empty.example:{port}/", "unresolvable"),
    ("http://unknown.example:{port}/", "unresolvable"),
]


@pytest.mark.parametrize(("url", "reason"), NEVER_FETCHED)
async def test_these_are_refused_without_a_connection(server: Server, url: str, reason: str) -> None:
    names = Names(
        localhost=["127.0.0.1", "::1"],
        inside_example=["127.0.0.1"],
        mixed_example=["93.184.215.14", "127.0.0.1"],
        scoped_example=["2606:4700::1%lo"],
        odd_example=["not an address"],
        empty_example=[],
        pictures_example=["127.0.0.1"],
    )
    # The real policy for addresses; the listener's port is allowed, so that only the address can be the reason.
    fetcher = Fetcher(resolve=names, ports=frozenset({80, 443, server.port}))
    assert await reason_of(fetcher.fetch(url.format(port=server.port))) == reason
    assert server.connections == 0
    names_to_look_up = ("localhost", "inside", "mixed", "scoped", "odd", "empty", "unknown")
    assert len(names.asked) == any(word in url.lower() for word in names_to_look_up)


async def test_the_plain_functions_use_the_safe_rules(server: Server) -> None:
    server.script["/cat.png"] = answer(picture())
    assert await reason_of(fetch_url(server.url("/cat.png", "127.0.0.1"))) == "port"
    assert await reason_of(fetch_url("http://127.0.0.1/")) == "private_address"
    assert await reason_of(fetch_image("http://localhost/")) == "private_address"
    assert server.connections == 0


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.215.14", True),
        ("8.8.8.8", True),
        ("100.63.255.255", True),
        ("100.128.0.0", True),
        ("2606:4700:4700::1111", True),
        ("2a00:1450:4001::200e", True),
        ("2001:200::1", True),
        ("100.64.0.0", False),
        ("100.127.255.255", False),
        ("192.0.2.1", False),
        ("192.88.99.1", False),
        ("203.0.113.9", False),
        ("240.0.0.1", False),
        ("::ffff:8.8.8.8", False),
        ("64:ff9b::808:808", False),
        ("64:ff9b:1::1", False),
        ("100::1", False),
        ("2001::1", False),
        ("2001:20::1", False),
        ("2001:db8::1", False),
        ("2002:808:808::1", False),
        ("3fff::1", False),
        ("5f00::1", False),
        ("fc00::1", False),
        ("fec0::1", False),
        ("2606:4700::1%eth0", False),
    ],
)
def test_public_addresses(address: str, public: bool) -> None:
    assert is_public(ipaddress.ip_address(address)) is public


async def test_the_system_resolver_gives_plain_addresses() -> None:
    assert "127.0.0.1" in await resolve("127.0.0.1")


async def test_a_picture_is_fetched_and_cleaned(server: Server) -> None:
    server.script["/%EA%B3%A0%EC%96%91%EC%9D%B4.png?w=1"] = answer(picture("BMP"), Content_Type="text/plain; x")
    url = server.url("/고양이.png?w=1#top")
    fetched = await pinned(server).fetch(url)
    assert isinstance(fetched, Fetched)
    assert fetched.data == picture("BMP")
    assert fetched.media_type == "text/plain"
    image = await pinned(server).fetch_image(url, detail="low")
    assert (image.media_type, image.width, image.height, image.name) == ("image/png", 4, 3, "고양이.png")
    assert image.detail == "low"


async def test_the_request_names_the_host_and_nothing_of_us(server: Server) -> None:
    server.script["/cat.png"] = answer(picture())
    await pinned(server).fetch(server.url("/cat.png", "PICTURES.example."))
    head = server.requests[0].lower()
    assert f"host: pictures.example.:{server.port}\r\n".encode() in head
    assert b"accept-encoding: identity" in head
    assert not any(word in head for word in (b"cookie", b"referer", b"authorization", b"127.0.0.1"))


async def test_the_address_is_looked_up_once_and_pinned(server: Server) -> None:
    server.script["/cat.png"] = answer(picture())
    names = Names(pictures_example=["127.0.0.1"])
    await pinned(server, names=names).fetch(server.url("/cat.png"))
    assert names.asked == ["pictures.example"]


async def test_tls_is_asked_for_by_name(server: Server) -> None:
    hello = asyncio.get_running_loop().create_future()

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        hello.set_result(await reader.read(4096))
        writer.close()

    async with await asyncio.start_server(take, "127.0.0.1", 0) as listener:
        server.port = listener.sockets[0].getsockname()[1]
        url = server.url("/cat.png").replace("http:", "https:")
        assert await reason_of(pinned(server).fetch(url)) == "unreachable"
    assert b"pictures.example" in await hello


async def test_the_next_address_is_tried(server: Server) -> None:
    server.script["/cat.png"] = answer(picture())
    names = Names(pictures_example=["127.0.0.2", "127.0.0.1"])
    fetcher = Fetcher(resolve=names, allow=lambda address: address.is_loopback, ports=frozenset({server.port}))
    assert (await fetcher.fetch(server.url("/cat.png"))).data == picture()


async def test_no_proxy_of_the_environment_is_used(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    server.script["/cat.png"] = answer(picture())
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert (await pinned(server).fetch(server.url("/cat.png"))).data == picture()


async def test_redirects_are_followed_and_checked(server: Server) -> None:
    server.script["/0"] = answer(status="302 Found", Location="/1")
    server.script["/1"] = answer(status="308 Permanent Redirect", Location=server.url("/2", "other.example"))
    server.script["/2"] = answer(picture())
    names = Names(pictures_example=["127.0.0.1"], other_example=["127.0.0.1"])
    fetched = await pinned(server, names=names).fetch(server.url("/0"))
    assert fetched.url == server.url("/2", "other.example")
    assert names.asked == ["pictures.example", "pictures.example", "other.example"]


@pytest.mark.parametrize(
    ("location", "reason"),
    [
        ("http://169.254.169.254/latest/", "private_address"),
        ("http://2130706434/", "private_address"),
        ("//[::ffff:10.0.0.1]/", "private_address"),
        ("http://inside.example/", "private_address"),
        ("http://pictures.example:22/", "port"),
        ("file:///etc/passwd", "scheme"),
        ("http://me@pictures.example/", "userinfo"),
        ("http://[/", "malformed"),
        ("http://nowhere.example/", "unresolvable"),
    ],
)
async def test_a_redirect_to_what_is_refused_is_refused(server: Server, location: str, reason: str) -> None:
    server.script["/"] = answer(status="302 Found", Location=location)
    names = Names(pictures_example=["127.0.0.1"], inside_example=["10.0.0.5"])
    assert await reason_of(pinned(server, names=names).fetch(server.url("/"))) == reason
    assert server.connections == 1


async def test_redirects_end(server: Server) -> None:
    server.script["/"] = answer(status="301 Moved Permanently", Location="/")
    assert await reason_of(pinned(server).fetch(server.url("/"))) == "too_many_redirects"
    assert server.connections == Limits().redirects + 1


@pytest.mark.parametrize("status", ["404 Not Found", "500 Oops", "204 No Content", "304 Not Modified", "302 Found"])
async def test_other_answers_are_told(server: Server, status: str) -> None:
    server.script["/"] = answer(status=status)
    with pytest.raises(FetchError) as refused:
        await pinned(server).fetch(server.url("/"))
    assert refused.value.fields == {"host": "pictures.example", "reason": "status"}
    assert refused.value.status == int(status[:3])


def bomb(packed_bytes: int) -> bytes:
    """Gzip of about that size; it unpacks to a thousand times as much."""
    packer = zlib.compressobj(9, wbits=31)
    return packer.compress(bytes(packed_bytes * 1000)) + packer.flush()


@pytest.mark.parametrize(
    "response",
    [
        answer(bytes(1001)),
        b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"3e8\r\n" + bytes(1000) + b"\r\n" + b"1\r\n0\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n" + bytes(5000),
        answer(gzip.compress(bytes(1001), mtime=0), Content_Encoding="gzip"),
        answer(zlib.compress(bytes(1001)), Content_Encoding="deflate"),
        answer(gzip.compress(b"x", mtime=0) + bytes(990), Content_Encoding="gzip"),
    ],
)
async def test_what_is_too_large_is_cut(server: Server, response: bytes) -> None:
    server.script["/"] = response
    assert await reason_of(pinned(server, Limits(bytes=1000)).fetch(server.url("/"))) == "too_large"


async def test_a_gzip_bomb_is_not_unpacked(server: Server) -> None:
    server.script["/"] = answer(bomb(100_000), Content_Encoding="gzip")
    tracemalloc.start()
    try:
        assert await reason_of(pinned(server, Limits(bytes=1_000_000)).fetch(server.url("/"))) == "too_large"
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
    finally:
        tracemalloc.stop()


async def test_packed_bodies_are_unpacked(server: Server) -> None:
    server.script["/"] = answer(gzip.compress(picture(), mtime=0), Content_Encoding="GZIP")
    assert (await pinned(server).fetch(server.url("/"))).data == picture()


@pytest.mark.parametrize("encoding", ["br", "gzip"])
async def test_what_cannot_be_unpacked_is_no_picture(server: Server, encoding: str) -> None:
    server.script["/"] = answer(b"not packed", Content_Encoding=encoding)
    assert await reason_of(pinned(server).fetch(server.url("/"))) == "not_a_picture"


async def test_a_slow_drip_is_cut_and_the_connection_closed(server: Server) -> None:
    closed = asyncio.Event()

    async def drip(_: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
        try:
            while True:
                writer.write(b"\0")
                await writer.drain()
                await asyncio.sleep(0.01)
        except ConnectionError:
            closed.set()

    server.script["/"] = drip
    assert await reason_of(pinned(server, Limits(seconds=0.2)).fetch(server.url("/"))) == "timed_out"
    await closed.wait()


async def test_silence_is_cut(server: Server) -> None:
    async def wait(_: bytes, writer: asyncio.StreamWriter) -> None:
        await writer.wait_closed()

    server.script["/"] = wait
    assert await reason_of(pinned(server, Limits(seconds=0.2)).fetch(server.url("/"))) == "timed_out"


async def test_a_silent_resolver_is_cut(server: Server) -> None:
    async def never(_: str) -> list[str]:
        await asyncio.Event().wait()
        return []

    assert await reason_of(Fetcher(Limits(seconds=0.05), resolve=never).fetch("http://a.example/")) == "timed_out"


@pytest.mark.parametrize(
    "response", [b"", b"SSH-2.0-OpenSSH\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", b"\x00" * 200_000]
)
async def test_a_broken_server_is_unreachable(server: Server, response: bytes) -> None:
    server.script["/"] = response
    assert await reason_of(pinned(server).fetch(server.url("/"))) == "unreachable"


async def test_nobody_there_is_unreachable(server: Server) -> None:
    async with Server().open() as gone:
        pass
    assert await reason_of(pinned(gone).fetch(gone.url("/"))) == "unreachable"


@pytest.mark.parametrize("body", [b"<!doctype html><html></html>", b"<svg xmlns='x'/>", b"%PDF-1.7", b"", b"words"])
async def test_a_page_is_not_a_picture(server: Server, body: bytes) -> None:
    server.script["/"] = answer(body, Content_Type="image/png")
    assert await reason_of(pinned(server).fetch_image(server.url("/"))) == "not_a_picture"


async def test_a_damaged_picture_says_so(server: Server) -> None:
    server.script["/cat.png"] = answer(picture()[:-40])
    with pytest.raises(ImageError) as refused:
        await pinned(server).fetch_image(server.url("/cat.png"))
    assert refused.value.fields == {"name": "cat.png", "reason": "truncated"}


async def test_everything_is_refused_where_the_policy_says_so(server: Server) -> None:
    seen: list[Address] = []
    fetcher = Fetcher(resolve=Names(a_example=["93.184.215.14"]), allow=lambda address: bool(seen.append(address)))
    assert await reason_of(fetcher.fetch("https://a.example/")) == "private_address"
    assert seen == [ipaddress.ip_address("93.184.215.14")]
