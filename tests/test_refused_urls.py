"""URLs that must not be fetched, typed in or redirected to: no connection is opened to any of them."""

import socket
from collections.abc import AsyncIterator
from typing import Any

import pytest

from chat_core.fetch import Address, Fetcher, is_public
from tests.picture_server import Names, Server, answer, reason_of

# What the resolver says; the names that it does not know are not there.
KNOWN = {
    "pictures.example": ["127.0.0.1"],
    "localhost": ["127.0.0.1", "::1"],
    "localhost.localdomain": ["127.0.0.1"],
    "127.0.0.1.nip.example": ["127.0.0.1"],
    "inside.example": ["10.0.0.5"],
    "router.lan": ["192.168.0.1"],
    "mixed.example": ["93.184.215.14", "127.0.0.1"],
    "mixed-v6.example": ["2606:4700::1", "fd00::1"],
    "mapped.example": ["::ffff:127.0.0.1"],
    "translated.example": ["64:ff9b::7f00:1"],
    "tunnelled.example": ["2002:7f00:1::1"],
    "scoped.example": ["2606:4700::1%lo"],
    "metadata.google.internal": ["169.254.169.254"],
    "carrier.example": ["100.64.0.1"],
    "odd.example": ["not an address"],
    "empty.example": [],
}

# {port} is that of a server on loopback, which is allowed: so that only the address can be the reason.
BAD_URLS = {
    "scheme": [
        "file:///etc/passwd",
        "file://localhost/etc/passwd",
        "ftp://127.0.0.1:{port}/",
        "gopher://127.0.0.1:{port}/",
        "dict://127.0.0.1:{port}/",
        "ldap://127.0.0.1:{port}/",
        "ws://127.0.0.1:{port}/",
        "jar:http://127.0.0.1:{port}/a.jar!/",
        "view-source:http://127.0.0.1:{port}/",
        "data:image/png;base64,AAAA",
        "javascript:alert(1)",
        "about:blank",
    ],
    "malformed": [
        "http://exa\nmple.com/",
        "http://a..b/",
        "http://%31%32%37.0.0.1:{port}/",
        "http://①②⑦.⓪.⓪.①:{port}/",
        "http://0177.0.0.1:{port}/",
        "http://0251.0376.0251.0376/",
        "http://127.0.0.1.5:{port}/",
        "http://0x7f.0x0.0x0.0x100:{port}/",
        "http://256.1.1.1/",
        "http://4294967296/",
        "http://[::1/",
        "http://[127.0.0.1]:{port}/",
        "http://[::1%25lo/",
        "http://[v1.a]/",
        "http://" + "a" * 64 + ".com/",
        "http://pictures.example/" + "a" * 9000,
    ],
    "userinfo": [
        "http://me@pictures.example/",
        "http://me:secret@127.0.0.1:{port}/",
        "http://pictures.example:80@127.0.0.1:{port}/",
        "http://pictures.example\\@127.0.0.1:{port}/",
        "http://pictures.example%2f@127.0.0.1:{port}/",
    ],
    "port": [
        "http://pictures.example:0/",
        "http://pictures.example:22/",
        "http://pictures.example:25/",
        "http://pictures.example:8080/",
        "http://pictures.example:11211/",
        "https://pictures.example:6379/",
        "https://127.0.0.1:65535/",
        "http://127.0.0.1:99999/",
    ],
    "private_address": [
        # This machine, in every notation of its number.
        "http://127.0.0.1:{port}/",
        "http://127.0.0.1.:{port}/",
        "http://127.255.255.254:{port}/",
        "http://127.1:{port}/",
        "http://127.0.1:{port}/",
        "http://2130706433:{port}/",
        "http://0x7f000001:{port}/",
        "http://0X7F.1:{port}/",
        "http://0x7f.0.0.0x1:{port}/",
        "http://127.0.0.0x1.:{port}/",
        "http://017700000001:{port}/",
        "http://0177.0x1:{port}/",
        "http://127。0。0。1:{port}/",
        "http://127.0.0.1:{port}#@pictures.example/",
        "http://127.0.0.1:{port}?@pictures.example/",
        "http://0:{port}/",
        "http://0.0.0.0:{port}/",
        "http://0.1.2.3/",
        # Private, shared, special.
        "http://10.0.0.1/",
        "http://10.255.255.255/",
        "http://172.16.0.1/",
        "http://172.31.255.255/",
        "http://192.168.0.1/",
        "http://3232235521/",
        "http://100.64.0.1/",
        "http://100.127.255.254/",
        "http://169.254.1.1/",
        "http://192.0.2.1/",
        "http://192.88.99.1/",
        "http://198.18.0.1/",
        "http://198.19.255.255/",
        "http://198.51.100.1/",
        "http://203.0.113.1/",
        "http://224.0.0.1/",
        "http://239.255.255.250/",
        "http://240.0.0.1/",
        "http://255.255.255.255/",
        # Where clouds tell their secrets.
        "http://169.254.169.254/latest/meta-data/",
        "http://2852039166/latest/meta-data/",
        "http://0xA9FEA9FE/latest/meta-data/",
        "http://025177524776/latest/meta-data/",
        "http://169.254.43518/latest/meta-data/",
        "http://169.254.170.2/v2/credentials/",
        "http://100.100.100.200/",
        "http://168.63.129.16/",
        "http://192.0.0.192/",
        "http://[fd00:ec2::254]/",
        "http://[fd20:ce::254]/",
        "http://metadata.google.internal/computeMetadata/v1/",
        # IPv6, and IPv4 inside it.
        "http://[::1]:{port}/",
        "http://[0:0:0:0:0:0:0:1]:{port}/",
        "http://[::]:{port}/",
        "http://[::ffff:127.0.0.1]:{port}/",
        "http://[::ffff:7f00:1]:{port}/",
        "http://[::ffff:169.254.169.254]/",
        "http://[::ffff:0:127.0.0.1]:{port}/",
        "http://[::127.0.0.1]:{port}/",
        "http://[64:ff9b::7f00:1]/",
        "http://[64:ff9b::169.254.169.254]/",
        "http://[64:ff9b:1::10.0.0.1]/",
        "http://[2002:7f00:1::]/",
        "http://[2002:a9fe:a9fe::1]/",
        "http://[2001:0:7f00:1::]/",
        "http://[fe80::1]/",
        "http://[fe80::1%25lo]/",
        "http://[fd00::1]/",
        "http://[fec0::1]/",
        "http://[ff02::1]/",
        "http://[100::1]/",
        "http://[2001:db8::1]/",
        # Names.
        "http://localhost:{port}/",
        "http://LOCALHOST.:{port}/",
        "http://localhost.localdomain:{port}/",
        "http://127.0.0.1.nip.example:{port}/",
        "http://inside.example:{port}/",
        "http://router.lan/",
        "http://mixed.example:{port}/",
        "https://mixed-v6.example/",
        "http://mapped.example:{port}/",
        "http://translated.example/",
        "http://tunnelled.example/",
        "http://scoped.example:{port}/",
        "http://carrier.example/",
    ],
    "unresolvable": [
        "http://odd.example:{port}/",
        "http://empty.example:{port}/",
        "http://unknown.example:{port}/",
    ],
}
# These mean something else, and harmless, where there is a page that they stand on.
RELATIVE = {
    "": "scheme",
    "cat.png": "scheme",
    "//pictures.example/cat.png": "scheme",
    "http:127.0.0.1": "malformed",
    "http://": "malformed",
    "http:///cat.png": "malformed",
}
TABLE = [(url, reason) for reason, urls in BAD_URLS.items() for url in urls]


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    async with Server().open() as opened:
        yield opened


@pytest.fixture
def connected(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Every address that is connected to from here on, or that is tried."""
    addresses: list[Any] = []
    connect = socket.socket.connect

    def recorded(self: socket.socket, address: Any) -> None:
        addresses.append(address)
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", recorded)
    return addresses


def resolver() -> Names:
    names = Names()
    names.known = KNOWN
    return names


def guarded(server: Server, names: Names) -> Fetcher:
    """The real policy for addresses."""
    return Fetcher(resolve=names, ports=frozenset({80, 443, server.port}))


def redirected(server: Server, names: Names) -> Fetcher:
    """The real policy but for the first address, which is the server's."""
    first = iter([True])

    def allow(address: Address) -> bool:
        return next(first, False) or is_public(address)

    return Fetcher(resolve=names, allow=allow, ports=frozenset({80, 443, server.port}))


def test_the_table_is_long_enough() -> None:
    assert len(TABLE) >= 80
    assert len(dict(TABLE)) == len(TABLE)


@pytest.mark.parametrize(("url", "reason"), TABLE + list(RELATIVE.items()))
async def test_no_connection_is_opened(server: Server, connected: list[Any], url: str, reason: str) -> None:
    names = resolver()
    assert await reason_of(guarded(server, names).fetch(url.format(port=server.port))) == reason
    assert connected == []
    assert server.connections == 0
    # Numbers and what is no URL are not even looked up.
    assert len(names.asked) <= 1
    assert not names.asked or names.asked[0] not in ("pictures.example", "127.0.0.1")


@pytest.mark.parametrize(("url", "reason"), [row for row in TABLE if "\n" not in row[0]])
async def test_no_redirect_to_it_is_followed(server: Server, connected: list[Any], url: str, reason: str) -> None:
    server.script["/"] = answer(status="302 Found", Location=url.format(port=server.port))
    # httpx reads the address, too, and breaks off at what it cannot make anything of.
    assert await reason_of(redirected(server, resolver()).fetch(server.url("/"))) in (reason, "unreachable")
    assert connected == [("127.0.0.1", server.port)]
    assert server.connections == 1


@pytest.mark.parametrize("status", [301, 303, 307, 308])
async def test_no_kind_of_redirect_leads_inside(server: Server, connected: list[Any], status: int) -> None:
    server.script["/"] = answer(status=f"{status} Elsewhere", Location="//[::ffff:10.0.0.1]/")
    assert await reason_of(redirected(server, resolver()).fetch(server.url("/"))) == "private_address"
    assert connected == [("127.0.0.1", server.port)]


class Rebinding(Names):
    """A resolver for which a name means another address each time that it is asked."""

    def __init__(self, *addresses: str) -> None:
        super().__init__()
        self.addresses = list(addresses)

    async def __call__(self, host: str) -> list[str]:
        self.asked.append(host)
        return [self.addresses.pop(0)]


async def test_a_name_that_changes_its_meaning_is_checked_again(server: Server, connected: list[Any]) -> None:
    server.script["/"] = answer(status="302 Found", Location="/again")
    names = Rebinding("127.0.0.1", "10.0.0.5")
    assert await reason_of(redirected(server, names).fetch(server.url("/"))) == "private_address"
    assert names.asked == ["pictures.example", "pictures.example"]
    assert connected == [("127.0.0.1", server.port)]


async def test_what_was_checked_is_what_is_connected_to(server: Server, connected: list[Any]) -> None:
    server.script["/"] = answer(status="404 Not Found")
    names = Rebinding("127.0.0.1", "10.0.0.5", "10.0.0.5")
    assert await reason_of(redirected(server, names).fetch(server.url("/"))) == "status"
    assert names.asked == ["pictures.example"]
    assert connected == [("127.0.0.1", server.port)]
