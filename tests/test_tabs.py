"""The page that browser tests have one after the other: nothing of one test is there for the next."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from playwright.sync_api import Error, Page

from tests.conftest import WINDOW, Tabs

STORE = """async () => {
    localStorage.kept = "1";
    sessionStorage.kept = "1";
    document.cookie = "kept=1";
    await new Promise((done) => (indexedDB.open("kept").onsuccess = done));
}"""
STORED = """async () => [
    localStorage.length, sessionStorage.length, document.cookie, (await indexedDB.databases()).length
]"""
NOTHING = [0, 0, "", 0]


class Greeting(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/html")
        self.end_headers()
        self.wfile.write(b"<p>Hello</p>")

    def log_message(self, *_: object) -> None:
        """Nothing is printed."""


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Greeting) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


def test_a_page_comes_back_blank_and_with_nothing_stored_anywhere(tabs: Tabs, port: int) -> None:
    page = tabs.blank()
    page.set_viewport_size({"width": 390, "height": 844})
    # Two origins: what was stored at the one that it has left counts as well.
    for host in ("127.0.0.1", "localhost"):
        page.goto(f"http://{host}:{port}/")
        assert page.evaluate(STORED) == NOTHING
        page.evaluate(STORE)
        assert page.evaluate(STORED) == [1, 1, "kept=1", 1]
    with page.context.expect_page():
        page.evaluate("void open(location.href)")
    tabs.clear()
    assert tabs.blank() is page
    assert page.context.pages == [page]
    assert (page.url, page.viewport_size) == ("about:blank", WINDOW)
    for host in ("127.0.0.1", "localhost"):
        page.goto(f"http://{host}:{port}/")
        assert page.evaluate(STORED) == NOTHING


def test_each_locale_has_a_page_of_its_own(tabs: Tabs) -> None:
    english, korean = tabs.blank(), tabs.blank("ko-KR")
    assert english.context is not korean.context
    assert [page.evaluate("navigator.language") for page in (english, korean)] == ["en-US", "ko-KR"]


def test_a_page_that_has_crashed_is_not_given_again(tabs: Tabs) -> None:
    page: Page = tabs.blank()
    with pytest.raises(Error, match="crash"):
        page.goto("chrome://crash")
    tabs.clear()
    assert tabs.blank().evaluate("1 + 1") == 2
