"""The guarded fetch: what is fetched and how, and what is cut short. What is refused is in test_refused_urls."""

import asyncio
import gzip
import ipaddress
import tracemalloc
import zlib
from collections.abc import AsyncIterator
from io import BytesIO

import pytest
from PIL import Image

from chat_core.errors import FetchError, ImageError
from chat_core.fetch import Address, Fetched, Fetcher, Limits, fetch_image, fetch_url, is_public, resolve
from tests.picture_server import Names, Server, answer, reason_of


def picture(kind: str = "PNG") -> bytes:
    file = BytesIO()
    Image.new("RGB", (4, 3), "teal").save(file, kind)
    return file.getvalue()


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    async with Server().open() as opened:
        yield opened


def pinned(server: Server, limits: Limits | None = None, names: Names | None = None) -> Fetcher:
    """A fetcher for which ``pictures.example`` is the scripted server; loopback, and nothing else, is allowed."""
    names = names or Names(pictures_example=["127.0.0.1"], other_example=["127.0.0.1"])
    return Fetcher(
        limits=limits or Limits(),
        resolve=names,
        allow=lambda address: address == ipaddress.ip_address("127.0.0.1"),
        ports=frozenset({80, 443, server.port}),
    )


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
