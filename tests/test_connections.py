"""Where requests may go: keys and addresses as people type them, and as people with bad intentions type them."""

import pytest

from chat_core import Connection, Settings, connection_from
from chat_core.connections import (
    DEFAULT_OPENAI_MODEL,
    OPENAI_BASE_URL,
    PLACEHOLDER_KEY,
    clean_base_url,
    clean_key,
    demo,
    from_visitor,
    is_loopback,
    local,
)
from chat_core.errors import ConnectionInputError, Unreachable
from chat_core.provider import close_pools, fetch_models
from tests.scripted_server import ScriptedServer

KEY = "sk-test-1234567890abcdef"


@pytest.mark.parametrize(
    ("typed", "key"),
    [
        ("", ""),
        ("  \n", ""),
        (KEY, KEY),
        (f"  {KEY}\r\n", KEY),
        (f"\u00a0{KEY}\t", KEY),
        (f'"{KEY}"', KEY),
        (f"'{KEY}'\n", KEY),
        (f' " {KEY} " ', KEY),
        ("sk-ant_api03-A.b~c+/=", "sk-ant_api03-A.b~c+/="),
    ],
)
def test_clean_key(typed: str, key: str) -> None:
    assert clean_key(typed) == key


@pytest.mark.parametrize(
    "typed",
    [
        f"{KEY[:9]}\n{KEY[9:]}",
        f"{KEY}\r\nX-Evil: 1",
        f"Bearer {KEY}",
        f"“{KEY}”",
        f"\u200b{KEY}",
        f"{KEY}\x00",
        f"{KEY}\x7f",
        "sk-한글",
        "sk–with–dashes",
    ],
)
def test_keys_that_no_header_can_carry(typed: str) -> None:
    with pytest.raises(ConnectionInputError) as caught:
        clean_key(typed)
    assert caught.value.fields == {"reason": "key_characters"}
    assert KEY[3:9] not in repr(caught.value)
    # Nor in a traceback's chain.
    assert caught.value.__cause__ is caught.value.__context__ is None


@pytest.mark.parametrize(
    ("typed", "url"),
    [
        ("https://api.openai.com/v1", "https://api.openai.com/v1"),
        (" https://api.openai.com/v1/ \n", "https://api.openai.com/v1"),
        ('"https://example.com/v1"', "https://example.com/v1"),
        ("https://example.com", "https://example.com"),
        ("https://example.com/", "https://example.com"),
        ("HTTPS://Example.COM/v1", "https://example.com/v1"),
        ("example.com/v1", "https://example.com/v1"),
        ("example.com:8443/v1", "https://example.com:8443/v1"),
        ("https://example.com/v1/chat/completions", "https://example.com/v1"),
        ("https://example.com/v1/chat/completions/", "https://example.com/v1"),
        ("https://example.com/v1?key=x#top", "https://example.com/v1"),
        ("https://example.com/openai/deployments/x", "https://example.com/openai/deployments/x"),
        ("https://exam\u200bple.com/v1", "https://example.com/v1"),
        ("http://example.com/v1", "http://example.com/v1"),
        ("localhost:11434/v1", "http://localhost:11434/v1"),
        ("localhost", "http://localhost"),
        ("127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("LocalHost:8000/v1", "http://localhost:8000/v1"),
        ("[::1]:8000/v1", "http://[::1]:8000/v1"),
        ("http://[::1]:8000/v1", "http://[::1]:8000/v1"),
        ("https://[2606:4700::1111]/v1", "https://[2606:4700::1111]/v1"),
        ("192.168.0.10:1234/v1", "https://192.168.0.10:1234/v1"),
        ("https://example.com:65535", "https://example.com:65535"),
    ],
)
def test_clean_base_url(typed: str, url: str) -> None:
    assert clean_base_url(typed) == url


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("ftp://example.com/v1", "url_scheme"),
        ("file:///etc/passwd", "url_scheme"),
        ("javascript://example.com/%0aalert(1)", "url_scheme"),
        ("ws://127.0.0.1", "url_scheme"),
        ("://example.com", "url_scheme"),
        ("", "url_host"),
        ("https://", "url_host"),
        ("https:///v1", "url_host"),
        ("https://exa mple.com/v1", "url_host"),
        ("https://:8000", "url_host"),
        ("/v1", "url_host"),
        ("https://user:secret@example.com/v1", "url_userinfo"),
        ("https://sk-secret@example.com/v1", "url_userinfo"),
        ("https://api.openai.com\\@example.com", "url_userinfo"),
        ("https://example.com:99999/v1", "url_port"),
        ("https://example.com:abc/v1", "url_port"),
        ("https://example.com:-1/v1", "url_port"),
        ("javascript:alert(1)", "url_port"),
    ],
)
def test_addresses_that_cannot_work(typed: str, reason: str) -> None:
    with pytest.raises(ConnectionInputError) as caught:
        clean_base_url(typed)
    assert caught.value.fields == {"reason": reason}
    assert "secret" not in repr(caught.value)


@pytest.mark.parametrize(
    "typed",
    ["http://[::1", "http://::1]", "https://[example.com]/v1", "https://[]/v1", "https://exa℀mple.com/v1", "[/v1"],
)
def test_addresses_that_cannot_even_be_taken_apart(typed: str) -> None:
    with pytest.raises(ConnectionInputError):
        clean_base_url(typed)


@pytest.mark.parametrize(
    ("host", "here"),
    [
        ("localhost", True),
        ("app.localhost", True),
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("0.0.0.0", False),
        ("192.168.0.1", False),
        ("localhost.example.com", False),
        ("notlocalhost", False),
        ("", False),
    ],
)
def test_is_loopback(host: str, here: bool) -> None:
    assert is_loopback(host) is here


# --- from settings ---------------------------------------------------------------------------------------------------


def test_without_key_and_address_there_is_no_connection() -> None:
    assert connection_from(Settings()) is None
    assert connection_from(Settings(model="gpt-5.4-mini", organization="org-1")) is None


@pytest.mark.parametrize(
    ("settings", "kind", "url", "key", "model"),
    [
        (Settings(api_key=KEY), "openai", OPENAI_BASE_URL, KEY, DEFAULT_OPENAI_MODEL),
        (Settings(api_key=f" {KEY}\n", model="gpt-4o"), "openai", OPENAI_BASE_URL, KEY, "gpt-4o"),
        (
            Settings(api_key=KEY, base_url="https://eu.api.openai.com/v1"),
            "openai",
            "https://eu.api.openai.com/v1",
            KEY,
            DEFAULT_OPENAI_MODEL,
        ),
        (Settings(base_url="https://example.com/v1"), "custom", "https://example.com/v1", PLACEHOLDER_KEY, ""),
        (Settings(KEY, "https://example.com/v1", "llama"), "custom", "https://example.com/v1", KEY, "llama"),
        (
            Settings(KEY, "https://api.openai.com.example.com/v1"),
            "custom",
            "https://api.openai.com.example.com/v1",
            KEY,
            "",
        ),
        (Settings(KEY, "https://evilapi.openai.com/v1"), "custom", "https://evilapi.openai.com/v1", KEY, ""),
        (Settings(base_url="localhost:11434/v1"), "local", "http://localhost:11434/v1", PLACEHOLDER_KEY, ""),
    ],
)
def test_from_settings(settings: Settings, kind: str, url: str, key: str, model: str) -> None:
    chosen = connection_from(settings)
    assert chosen is not None
    assert (chosen.kind, chosen.base_url, chosen.api_key, chosen.model) == (kind, url, key, model)
    assert not chosen.typed
    assert not chosen.guarded


def test_the_owners_organization_project_and_headers_go_along() -> None:
    headers = (("X-Team", "secret-team"),)
    chosen = connection_from(Settings(api_key=KEY, organization="org-1", project="proj-1", headers=headers))
    assert chosen is not None
    assert (chosen.organization, chosen.project, chosen.headers) == ("org-1", "proj-1", headers)
    assert "secret-team" not in repr(chosen)


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        (Settings(api_key="sk two words"), "key_characters"),
        (Settings(KEY, "ftp://example.com"), "url_scheme"),
        (Settings(KEY, "https://me:pw@example.com"), "url_userinfo"),
    ],
)
def test_bad_settings_are_told(settings: Settings, reason: str) -> None:
    with pytest.raises(ConnectionInputError) as caught:
        connection_from(settings)
    assert caught.value.fields["reason"] == reason


# --- typed into the page ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("public", [True, False])
def test_a_key_alone_is_one_for_openai(public: bool) -> None:
    typed = from_visitor(f" {KEY} ", "  ", public=public)
    assert typed == Connection("openai", OPENAI_BASE_URL, KEY, DEFAULT_OPENAI_MODEL, typed=True, guarded=public)


@pytest.mark.parametrize("url", ["", "https://api.openai.com/v1", "api.openai.com"])
@pytest.mark.parametrize("public", [True, False])
def test_openai_needs_a_key(url: str, public: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-owner")
    with pytest.raises(ConnectionInputError) as caught:
        from_visitor("", url, public=public)
    assert caught.value.fields["reason"] == "key_missing"


def test_a_server_of_ones_own_needs_none() -> None:
    typed = from_visitor("", "https://example.com/v1", public=True)
    assert (typed.kind, typed.api_key, typed.model) == ("custom", PLACEHOLDER_KEY, "")
    assert typed.guarded


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost:11434/v1",
        "http://127.0.0.1:8000",
        "http://[::1]:8000",
        "http://192.168.0.10:1234/v1",
        "http://example.com/v1",
        "https://10.0.0.1/v1",
    ],
)
def test_at_home_any_server_can_be_used(url: str) -> None:
    typed = from_visitor("", url, public=False)
    assert typed.base_url == url
    assert typed.typed
    assert not typed.guarded


PRIVATE = [
    "localhost:11434/v1",
    "https://localhost",
    "https://LOCALHOST",
    "https://app.localhost",
    "http://127.0.0.1:8000",
    "https://127.0.0.1",
    "https://127.8.8.8",
    "https://0.0.0.0",
    "https://10.0.0.1/v1",
    "https://172.16.0.1",
    "https://192.168.0.1",
    "https://100.64.0.1",
    "https://169.254.169.254/latest/meta-data",
    "https://[::1]",
    "https://[::]",
    "https://[fe80::1]",
    "https://[fc00::1]",
    "https://[::ffff:127.0.0.1]",
    "https://[::ffff:7f00:1]",
    "https://[::ffff:169.254.169.254]",
    "https://[::ffff:10.0.0.1]",
]


@pytest.mark.parametrize("url", PRIVATE)
def test_on_a_public_page_no_private_address(url: str) -> None:
    with pytest.raises(ConnectionInputError) as caught:
        from_visitor(KEY, url, public=True)
    assert caught.value.fields["reason"] == "url_private"


@pytest.mark.parametrize("url", ["http://example.com/v1", "http://1.1.1.1", "http://api.openai.com/v1"])
def test_on_a_public_page_no_key_travels_in_clear(url: str) -> None:
    with pytest.raises(ConnectionInputError) as caught:
        from_visitor(KEY, url, public=True)
    assert caught.value.fields["reason"] == "url_https"


# Other ways to write an address down: names to us, addresses to the system's resolver.
DISGUISED = [
    "https://2130706433",
    "https://0x7f000001",
    "https://0177.0.0.1",
    "https://127.1",
    "https://localhost.",
    "https://127.0.0.1.nip.io",
    "https://64:ff9b::7f00:1",
]


@pytest.mark.parametrize("url", DISGUISED)
def test_a_disguised_address_is_refused_or_checked_when_it_is_connected_to(url: str) -> None:
    try:
        typed = from_visitor(KEY, url, public=True)
    except ConnectionInputError:
        return
    assert typed.guarded
    assert not typed.loopback


async def test_a_guarded_connection_reaches_no_private_address() -> None:
    # This address is no loopback by its name, yet connects to this machine: without the guard the server answers.
    with ScriptedServer() as server:
        url = f"http://0.0.0.0:{server.port}/v1"
        assert await fetch_models(Connection("custom", url, KEY))
        reached = len(server.all_requests)
        with pytest.raises(Unreachable):
            await fetch_models(Connection("custom", url, KEY, typed=True, guarded=True))
        assert len(server.all_requests) == reached
    await close_pools()


# --- values ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "chosen",
    [from_visitor(KEY, "", public=True), from_visitor(KEY, "https://example.com/v1", public=False)],
)
def test_a_key_is_never_shown(chosen: Connection) -> None:
    assert chosen.api_key == KEY
    assert KEY[3:9] not in f"{chosen!r} {chosen} {chosen.host} {[chosen]}"


@pytest.mark.parametrize(
    ("connection", "kind", "free", "loopback", "host"),
    [
        (local("http://127.0.0.1:11434/v1"), "local", True, True, "127.0.0.1:11434"),
        (demo("http://127.0.0.1:5000/v1"), "demo", True, True, "127.0.0.1:5000"),
        (Connection("custom", "https://example.com/v1"), "custom", False, False, "example.com"),
        (Connection("openai", OPENAI_BASE_URL), "openai", False, False, "api.openai.com"),
    ],
)
def test_what_a_connection_tells(connection: Connection, kind: str, free: bool, loopback: bool, host: str) -> None:
    assert (connection.kind, connection.free, connection.loopback, connection.host) == (kind, free, loopback, host)
