"""What every test stands on: a clean environment, no network outside this machine, and a real browser to ask for.

A test that asks for ``browser`` or ``page`` is a plain function (Playwright's sync API). It runs, as the browser does,
in a thread of its own: Playwright leaves its event loop running between calls, which would stop all async tests after
it. A fixture that touches the browser makes its calls there too, through ``browser_thread.submit(...).result()``.
"""

import functools
import inspect
import ipaddress
import os
import re
import shutil
import socket
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx2
import pytest
from playwright.sync_api import Browser, Page, Playwright, ViewportSize, sync_playwright
from playwright.sync_api import Error as PlaywrightError

import demo_model
from chat_core.provider import close_pools

IN_CI = os.environ.get("CI", "").lower() in ("1", "true")
CHOSEN_BROWSER = os.environ.get("VITRINE_BROWSER", "")

# A developer's own keys, proxies and Space settings must not decide a test.
FOREIGN_VARIABLES = re.compile(
    r"(OPENAI|VITRINE|GRADIO|HF|HUGGING_?FACE|SPACE)_.*|SYSTEM|(ALL|HTTPS?|NO|FTP|WSS?)_PROXY", re.IGNORECASE
)
# Gradio reads these while it is imported, so they are set before any test module is.
GRADIO_QUIET = ("GRADIO_ANALYTICS_ENABLED", "False")
# Where it begins to look for a free port. Two apps that find the same one at the same time do not start, so each worker
# of xdist has a hundred of its own.
WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
GRADIO_FIRST_PORT = ("GRADIO_SERVER_PORT", str(7960 + 100 * WORKER))


def _foreign_variables() -> list[str]:
    return [name for name in os.environ if FOREIGN_VARIABLES.fullmatch(name) and name != GRADIO_QUIET[0]]


for _name in _foreign_variables():
    del os.environ[_name]
os.environ.update([GRADIO_QUIET, GRADIO_FIRST_PORT])


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test starts without a key, a proxy or a setting, whatever an earlier one has left."""
    for name in _foreign_variables():
        monkeypatch.delenv(name)
    monkeypatch.setenv(*GRADIO_QUIET)


class OutsideNetwork(RuntimeError):
    """A test tried to leave this machine."""


_resolve = socket.getaddrinfo
_real_connect = {name: getattr(socket.socket, name) for name in ("connect", "connect_ex")}
_attempts: list[str] = []


def _is_here(host: object) -> bool:
    """Whether a host is this machine's loopback; names other than localhost are not looked up.

    0.0.0.0 and :: count as well: a connection to them ends on this machine.
    """
    name = host.decode() if isinstance(host, bytes) else str(host)
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


def _is_address(host: object) -> bool:
    try:
        return bool(ipaddress.ip_address(str(host).partition("%")[0]))
    except ValueError:
        return False


def _guarded(name: str) -> Any:
    @functools.wraps(_real_connect[name])
    def connect(self: socket.socket, address: Any) -> Any:
        if self.family in (socket.AF_INET, socket.AF_INET6) and not _is_here(address[0]):
            _attempts.append(f"{address[0]} port {address[1]}")
            raise OutsideNetwork(f"A test tried to connect to {address[0]}, outside this machine.")
        return _real_connect[name](self, address)

    return connect


def _resolve_here(host: Any, *rest: Any, **options: Any) -> Any:
    """Names resolve as on a machine without a network, so that tests mean the same with one."""
    if host is None or host in ("", b"") or _is_here(host) or _is_address(host):
        return _resolve(host, *rest, **options)
    raise socket.gaierror(socket.EAI_NONAME, f"{host} is not looked up in tests")


@pytest.fixture(scope="session", autouse=True)
def _walls() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name in _real_connect:
            patch.setattr(socket.socket, name, _guarded(name))
        patch.setattr(socket, "getaddrinfo", _resolve_here)
        yield


@pytest.fixture(autouse=True)
def no_outside_network() -> Iterator[list[str]]:
    """Fails a test that tried to leave this machine, even where the code took the error for a failed request.

    Gives the list of attempts, for a test that makes one on purpose.
    """
    _attempts.clear()
    yield _attempts
    if _attempts:
        pytest.fail(f"Tried to leave this machine: {', '.join(_attempts)}", pytrace=False)


@pytest.fixture(scope="session")
def demo_url() -> Iterator[str]:
    """The base URL of a demo model that does not wait."""
    with demo_model.serve(pace=0) as server:
        yield server.url


@pytest.fixture
async def closed_pools() -> AsyncIterator[None]:
    """The core's connections to servers end with the test that has opened them, as its event loop does."""
    yield
    await close_pools()


@pytest.fixture
async def http(demo_url: str) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of the demo model, for the tests that talk to it over plain HTTP."""
    async with httpx2.AsyncClient(base_url=demo_url, trust_env=False, timeout=60) as client:
        yield client


BROWSER_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
BROWSER_PLACES = (
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)
BROWSER_ARGUMENTS = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # Containers often have no more than 64 MB of shared memory, with which pages crash.
    "--disable-dev-shm-usage",
    # A camera that shows a test picture, and is allowed without a question.
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    # The page, too, stays on this machine.
    "--no-proxy-server",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
]
NO_BROWSER = (
    "no Chromium or Chrome found. Get one with `sudo apt-get install chromium` (Debian), "
    "`brew install --cask chromium` (macOS) or `.venv/bin/python -m playwright install chromium`, "
    "or name yours: VITRINE_BROWSER=/path/to/chrome"
)
BROWSER_FIXTURES = {"browser", "page"}


def _find_browser(playwright: Playwright) -> str | None:
    """The browser that was chosen, that is on the machine, or that Playwright was told to install earlier."""
    if CHOSEN_BROWSER:
        return shutil.which(CHOSEN_BROWSER)
    found = [path for name in BROWSER_NAMES if (path := shutil.which(name))]
    places = [place for place in (*BROWSER_PLACES, playwright.chromium.executable_path) if Path(place).is_file()]
    return next(iter(found + places), None)


def _asks_for_browser(item: pytest.Item) -> bool:
    return bool(BROWSER_FIXTURES & set(getattr(item, "fixturenames", ())))


@pytest.fixture(scope="session")
def browser_thread() -> Iterator[ThreadPoolExecutor]:
    """The one thread in which the browser may be touched."""
    with ThreadPoolExecutor(1, "browser") as thread:
        yield thread


@pytest.fixture(scope="session")
def browser(browser_thread: ThreadPoolExecutor) -> Iterator[Browser]:
    """A headless Chromium; without one the test is skipped, or fails where ``CI`` is true."""
    playwright = browser_thread.submit(lambda: sync_playwright().start()).result()
    try:
        path = _find_browser(playwright)
        if path is None:
            if IN_CI:
                pytest.fail(NO_BROWSER, pytrace=False)
            pytest.skip(NO_BROWSER)
        launch = functools.partial(playwright.chromium.launch, executable_path=path, args=BROWSER_ARGUMENTS)
        chromium = browser_thread.submit(launch).result()
        yield chromium
        browser_thread.submit(chromium.close).result()
    finally:
        browser_thread.submit(playwright.stop).result()


WINDOW: ViewportSize = {"width": 1440, "height": 900}


class Tabs:
    """One page a locale, used again by test after test: blank, and with no cookie or storage that a test has left.

    What Chromium has loaded and compiled stays, so that opening the app costs a third of what it does in a new page.
    """

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._kept: dict[str, Page] = {}
        self._origins: set[str] = set()

    def blank(self, locale: str = "en-US") -> Page:
        """A page of 1440 by 900 pixels."""
        page = self._kept.get(locale) or self._opened(locale)
        page.set_default_timeout(30_000)
        page.set_viewport_size(WINDOW)
        return page

    def clear(self) -> None:
        """Take away what a test has left. A page that cannot be cleared, since it has crashed for one, is given up."""
        for locale, page in list(self._kept.items()):
            try:
                self._clear(page)
            except PlaywrightError:
                del self._kept[locale]
                page.context.close()
        self._origins.clear()

    def close(self) -> None:
        for page in self._kept.values():
            page.context.close()

    def _opened(self, locale: str) -> Page:
        page = self._browser.new_context(viewport=WINDOW, locale=locale).new_page()
        page.on("framenavigated", lambda frame: self._origins.add("/".join(frame.url.split("/")[:3])))
        self._kept[locale] = page
        return page

    def _clear(self, page: Page) -> None:
        page.goto("about:blank")
        for other in page.context.pages:
            if other is not page:
                other.close()
        devtools = page.context.new_cdp_session(page)
        for origin in self._origins:
            devtools.send("Storage.clearDataForOrigin", {"origin": origin, "storageTypes": "all"})
        devtools.detach()
        page.context.clear_cookies()


@pytest.fixture(scope="session")
def _kept_tabs(browser: Browser, browser_thread: ThreadPoolExecutor) -> Iterator[Tabs]:
    tabs = Tabs(browser)
    yield tabs
    browser_thread.submit(tabs.close).result()


@pytest.fixture
def tabs(_kept_tabs: Tabs, browser_thread: ThreadPoolExecutor) -> Iterator[Tabs]:
    """For a test that chooses the locale of its page."""
    yield _kept_tabs
    browser_thread.submit(_kept_tabs.clear).result()


@pytest.fixture
def page(tabs: Tabs, browser_thread: ThreadPoolExecutor) -> Page:
    """A blank page of 1440 by 900 pixels, in English, without cookies and storage.

    It is the next test's page, too: what a test listens to, it has to stop listening to (``on_page.hearing``).
    """
    return browser_thread.submit(tabs.blank).result()


# The files that take longest, longest first. Begun late, one of them would keep one worker busy at the end, alone.
LONG_FILES = (
    "test_page.py",
    "test_first_screen.py",
    "test_app.py",
    "test_extract_page.py",
    "test_describe_page.py",
    "test_api.py",
    "test_gradio_inside.py",
    "test_page_pictures.py",
    "test_demo_pictures.py",
)


def _turn(item: pytest.Item) -> int:
    return LONG_FILES.index(item.path.name) if item.path.name in LONG_FILES else len(LONG_FILES)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=_turn)
    for item in filter(_asks_for_browser, items):
        item.add_marker(pytest.mark.browser)
        if IN_CI:
            # A machine that others use, too, may hold a browser for longer than any test waits. What it was that failed
            # the first time is told at the end, and is looked into; elsewhere nothing is tried twice.
            item.add_marker(pytest.mark.flaky(reruns=1))
        if inspect.iscoroutinefunction(getattr(item, "obj", None)):
            raise pytest.UsageError(f"{item.nodeid} drives the browser, so it has to be a plain function, not async.")


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run a browser test in the browser's thread."""
    if not _asks_for_browser(pyfuncitem):
        return None
    arguments = {name: pyfuncitem.funcargs[name] for name in inspect.signature(pyfuncitem.obj).parameters}
    thread: ThreadPoolExecutor = pyfuncitem.funcargs["browser_thread"]
    thread.submit(pyfuncitem.obj, **arguments).result()
    return True


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    skipped = terminalreporter.stats.get("skipped", [])
    count = sum(NO_BROWSER in str(report.longrepr) for report in skipped)
    if count:
        terminalreporter.write_line(f"{count} browser tests were skipped: {NO_BROWSER}", yellow=True)
    for report in terminalreporter.stats.get("rerun", []):
        terminalreporter.section(f"Failed at first, then tried again: {report.nodeid}")
        terminalreporter.write_line(str(report.longrepr))


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """In CI a run in which no test passed, since all were skipped or only listed, is no green run."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if IN_CI and exitstatus == pytest.ExitCode.OK and reporter and not reporter.stats.get("passed"):
        session.exitstatus = pytest.ExitCode.NO_TESTS_COLLECTED
