"""``python app.py`` as people start it: a process of its own, in a copy of the project that has no ``.env``."""

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests import scripted_server as play
from tests.conftest import IN_CI
from tests.scripted_server import ScriptedServer

ROOT = Path(__file__).resolve().parent.parent
ADDRESS = re.compile(r"Vitrine is at (http://\S+)")
PATIENCE = 120.0
KEY = "sk-owner-Q7mJ2nLx9TzKpWvB"
DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of all that ``python app.py`` needs, and nothing of a developer's."""
    return furnish(tmp_path_factory.mktemp("house"))


def furnish(house: Path) -> Path:
    shutil.copy(ROOT / "app.py", house)
    for package in ("chat_core", "chat_ui", "demo_model"):
        shutil.copytree(ROOT / package, house / package, ignore=shutil.ignore_patterns("__pycache__"))
    (house / "assets").symlink_to(ROOT / "assets")
    return house


@dataclass
class Running:
    """The process. ``said``: its output so far, line by line."""

    process: subprocess.Popen[str]
    said: list[str] = field(default_factory=list)
    address: str = ""

    def read(self) -> None:
        """Follow the output; called in a thread."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.said.append(line)

    def wait_for_address(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.said.append(line)
            if found := ADDRESS.search(line):
                self.address = found.group(1)
                return
        pytest.fail(f"The app ended with {self.process.wait()}: {''.join(self.said)}", pytrace=False)

    def leaves_nothing(self) -> bool:
        """Whether the whole process group is gone."""
        try:
            os.killpg(self.process.pid, 0)
        except ProcessLookupError:
            return True
        return False


def environment(**variables: str) -> dict[str, str]:
    """A clean environment: what a process needs to run, and these."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR", "SYSTEMROOT") if name in os.environ}
    return kept | {"PYTHONUNBUFFERED": "1", "PYTHONDONTWRITEBYTECODE": "1"} | variables


@contextmanager
def started(house: Path, **variables: str) -> Iterator[Running]:
    process = subprocess.Popen(
        [sys.executable, "app.py"],
        cwd=house,
        env=environment(**variables),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    running = Running(process)
    watchdog = threading.Timer(PATIENCE, process.kill)
    watchdog.start()
    try:
        running.wait_for_address()
        watchdog.cancel()
        following = threading.Thread(target=running.read, daemon=True)
        following.start()
        yield running
        process.terminate()
        process.wait(PATIENCE)
        following.join(PATIENCE)
    finally:
        watchdog.cancel()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(PATIENCE)
        assert process.stdout is not None
        process.stdout.close()


def fails_to_start(house: Path, **variables: str) -> str:
    """What a start that must fail says; the exit code has to be 1."""
    done = subprocess.run(
        [sys.executable, "app.py"],
        cwd=house,
        env=environment(**variables),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    return done.stdout + done.stderr


def get(address: str, path: str) -> tuple[int, str]:
    try:
        with DIRECT.open(address.rstrip("/") + path, timeout=PATIENCE) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


# A raw call names every parameter, in the order of the function; these are the defaults of all but the message.
UNTOUCHED = ["", "", None, False, "all", None, True, None, None, "", None, "", "url", "", "as_is", "2"]


class Call:
    """One call of the endpoint /chat; its events come while the answer is written."""

    def __init__(self, address: str, text: str) -> None:
        url = address.rstrip("/") + "/gradio_api/call/chat"
        body = json.dumps({"data": [{"text": text, "files": []}, *UNTOUCHED]}).encode()
        request = urllib.request.Request(url, body, {"content-type": "application/json"})
        with DIRECT.open(request, timeout=PATIENCE) as response:
            event = json.load(response)["event_id"]
        self._stream = DIRECT.open(f"{url}/{event}", timeout=PATIENCE)

    def __enter__(self) -> "Call":
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.close()

    def events(self) -> Iterator[tuple[str, str]]:
        """The name of each event and the text so far."""
        name = ""
        for raw in self._stream:
            line = raw.decode().strip()
            if line.startswith("event: "):
                name = line.removeprefix("event: ")
            elif line.startswith("data: ") and (data := json.loads(line.removeprefix("data: "))):
                yield name, data[0] if isinstance(data, list) else json.dumps(data)

    def until_something_comes(self) -> str:
        return next(text for name, text in self.events() if name == "generating" and text)

    def whole(self) -> list[tuple[str, str]]:
        return list(self.events())


def chat(address: str, text: str) -> tuple[str, list[str]]:
    """The whole answer, and the texts on the way to it."""
    with Call(address, text) as call:
        events = call.whole()
    assert events, "no event came"
    assert events[-1][0] == "complete", events[-1]
    return events[-1][1], [shown for name, shown in events if name == "generating"]


# --- starting ---------------------------------------------------------------------------------------------------------


def test_with_nothing_set_the_demo_model_answers_and_sigterm_ends_all(house: Path) -> None:
    with started(house) as app:
        assert "demo" in "".join(app.said)
        status, page = get(app.address, "/")
        assert status == 200
        assert "Vitrine" in page
        _, on_the_way = chat(app.address, "Hello! What can you do?")
        assert len(on_the_way) > 1
        with Call(app.address, "Tell me all about tokens, please.") as call:
            assert call.until_something_comes()
            app.process.send_signal(signal.SIGTERM)
            assert app.process.wait(PATIENCE) == 0
        assert app.leaves_nothing()
    assert "Traceback" not in "".join(app.said)


def test_ctrl_c_again_and_again_ends_it_without_a_traceback(house: Path) -> None:
    with started(house) as app:
        app.process.send_signal(signal.SIGINT)
        while app.process.poll() is None:
            time.sleep(0.02)
            app.process.send_signal(signal.SIGINT)
    assert "Traceback" not in "".join(app.said)


@pytest.fixture(scope="module")
def burdened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One app for all that may be around a start and must not matter to it.

    Empty lines in ``.env``; empty variables, as `docker run --env-file .env` makes them of a copied .env.example; and
    proxies that are not there.
    """
    house = furnish(tmp_path_factory.mktemp("burdened"))
    shutil.copy(ROOT / ".env.example", house / ".env")
    empty = re.findall(r"^(\w+)=$", (ROOT / ".env.example").read_text(encoding="utf-8"), re.MULTILINE)
    assert "GRADIO_SERVER_PORT" in empty
    with socket.create_server(("127.0.0.1", 0)) as gone:
        nowhere = f"http://127.0.0.1:{gone.getsockname()[1]}"
    names = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
    proxies = {name: nowhere for names in (names, map(str.lower, names)) for name in names}
    with started(house, **dict.fromkeys(empty, ""), **proxies) as app:
        yield app


def test_a_proxy_that_is_not_there_disturbs_neither_start_nor_stream(burdened: Running) -> None:
    _, on_the_way = chat(burdened.address, "Hello!")
    assert len(on_the_way) > 1


def test_empty_lines_of_env_and_empty_variables_mean_unset(burdened: Running) -> None:
    assert "demo" in "".join(burdened.said)
    assert chat(burdened.address, "Hello!")[0]


# Brings the loopback up in a network namespace of its own, starts the app there, and asks it something.
IN_A_NAMESPACE = """
import fcntl, socket, struct, sys
from pathlib import Path

with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
    up_and_running = struct.pack("16sh14x", b"lo", 0x1 | 0x40)
    fcntl.ioctl(any_socket, 0x8914, up_and_running)
sys.path.insert(0, sys.argv[1])
from tests.test_app import chat, started

with started(Path(sys.argv[2])) as app:
    answer, on_the_way = chat(app.address, "Hello!")
    print("interfaces:", [name for _, name in socket.if_nameindex()])
    print("pieces:", len(on_the_way))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="network namespaces are Linux's")
def test_without_any_network_it_starts_and_streams(house: Path) -> None:
    alone = ["unshare", "--map-root-user", "--net"]
    allowed = shutil.which("unshare") and subprocess.run([*alone, "true"], capture_output=True, check=False)
    if not allowed or allowed.returncode:
        reason = "this kernel or container allows no network namespaces"
        (pytest.fail if IN_CI else pytest.skip)(reason)
    done = subprocess.run(
        [*alone, sys.executable, "-c", IN_A_NAMESPACE, str(ROOT), str(house)],
        capture_output=True,
        text=True,
        timeout=2 * PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "interfaces: ['lo']" in done.stdout
    assert int(done.stdout.partition("pieces:")[2]) > 1


def test_a_busy_port_that_was_asked_for_is_one_sentence(house: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = fails_to_start(house, GRADIO_SERVER_PORT=str(port))
    assert said.strip().count("\n") == 0
    assert str(port) in said


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("VITRINE_FIRST_TOKEN_SECONDS", "soon"),
        ("VITRINE_PUBLIC", "perhaps"),
        ("GRADIO_SERVER_PORT", "70000"),
        ("OPENAI_BASE_URL", "ftp://example.com/v1"),
    ],
)
def test_a_setting_that_makes_no_sense_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], name: str, value: str
) -> None:
    # In this process: the exit code and the output of a process of its own are those of the busy port, above.
    import app

    def is_taken(*_: object) -> None:
        pytest.fail(f"{name}={value} was taken for sense")

    for proxy in ("NO_PROXY", "no_proxy"):  # so that what main() adds to them is taken away again
        monkeypatch.setenv(proxy, "")
    monkeypatch.setattr("chat_core.settings.dotenv_values", lambda _: {})  # a developer's own .env
    monkeypatch.setattr(app, "build_app", is_taken)
    monkeypatch.setenv(name, value)
    assert app.main() == 1
    output = capfd.readouterr()
    said = output.out + output.err
    assert said.strip().count("\n") == 0
    assert said.startswith("Vitrine cannot start: ")
    assert "Traceback" not in said


# --- other servers ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def second(house: Path, burdened: Running) -> Iterator[tuple[Running, ScriptedServer]]:
    """An app on another server, started while the first one runs. The last of its tests ends it."""
    with ScriptedServer() as server, started(house, OPENAI_BASE_URL=server.base_url) as app:
        yield app, server


def test_without_a_port_an_app_moves_on_from_that_of_another(
    burdened: Running, second: tuple[Running, ScriptedServer]
) -> None:
    # Both begin at the same default port; which ones are free there is up to the machine.
    assert second[0].address != burdened.address
    for app in (burdened, second[0]):
        assert get(app.address, "/")[0] == 200


def test_any_chat_completions_server_works(second: tuple[Running, ScriptedServer]) -> None:
    app, server = second
    assert chat(app.address, "hello")[0] == "Hello there."
    assert server.requests[0].body == {
        "model": "scripted-1",
        "messages": [{"role": "user", "content": "hello"}],
        "stream": True,
        "stream_options": {"include_usage": True},
    }


def test_visitors_do_not_wait_for_each_other_and_sigterm_ends_all(second: tuple[Running, ScriptedServer]) -> None:
    app, server = second
    server.requests.clear()
    server.script = play.in_turn(play.hold_after("Wait"), play.answer("At once."))
    with Call(app.address, "slow") as slow:
        assert slow.until_something_comes() == "Wait"
        assert chat(app.address, "quick")[0] == "At once."
        held = server.requests[0]
        assert not held.closed.is_set()
        app.process.send_signal(signal.SIGTERM)
        assert app.process.wait(PATIENCE) == 0
        assert held.closed.wait(PATIENCE)
    assert app.leaves_nothing()
    assert "Traceback" not in "".join(app.said)


@pytest.fixture
def env_file(house: Path) -> Iterator[Path]:
    path = house / ".env"
    yield path
    path.unlink(missing_ok=True)


def test_env_file_is_read_and_its_key_is_nowhere_to_be_seen(house: Path, env_file: Path) -> None:
    with ScriptedServer() as server:
        env_file.write_text(
            f"OPENAI_API_KEY={KEY}\nOPENAI_BASE_URL={server.base_url}\nOPENAI_MODEL=chosen-1\nOPENAI_ORG_ID=\n"
        )
        with started(house) as app:
            assert chat(app.address, "hello")[0] == "Hello there."
            request = server.requests[0]
            assert request.headers["authorization"] == f"Bearer {KEY}"
            assert request.body["model"] == "chosen-1"
            assert "openai-organization" not in request.headers
            server.script = play.error(401, f"Incorrect API key provided: {KEY}", "invalid_api_key")
            with Call(app.address, "hello") as call:
                refused = call.whole()
            assert refused[-1][0] == "error"
            config = get(app.address, "/config")[1]
            assert json.loads(config)["run_history"] is False
            pages = [config, get(app.address, "/")[1], get(app.address, "/gradio_api/info")[1], json.dumps(refused)]
            for path in ("/monitoring", "/gradio_api/monitoring", "/monitoring/summary", "/gradio_api/runs"):
                status, body = get(app.address, path)
                assert status in (401, 403, 404, 405), f"{path}: {status} {body[:200]}"
        for text in (*pages, *app.said):
            assert KEY not in text
            assert KEY[-8:] not in text


def test_importing_the_app_needs_no_key_and_no_network(house: Path) -> None:
    script = (
        "import socket\n"
        "def refuse(*_): raise AssertionError('the network was touched')\n"
        "socket.socket.connect = socket.socket.connect_ex = socket.getaddrinfo = refuse\n"
        "import app\n"
        "assert callable(app.main)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=house,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
