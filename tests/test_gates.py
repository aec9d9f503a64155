"""The layers in front of Gradio: what an event may name, what an answer may load, and that all else still works."""

import http.server
import json
import threading
from collections.abc import AsyncIterator, Iterator
from typing import Any

import gradio as gr
import httpx
import pytest
from gradio_client import Client, handle_file
from playwright.sync_api import Browser, expect
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from chat_ui import gates, look

OWN = frozenset({"127.0.0.1:7860"})
LOCAL = {"path": "/tmp/gradio/ab/cat.png", "meta": {"_type": "gradio.FileData"}}


@pytest.mark.parametrize(
    ("data", "refused"),
    [
        ({"data": [LOCAL]}, False),
        ({"data": [{**LOCAL, "url": "http://127.0.0.1:7860/gradio_api/file=/tmp/gradio/ab/cat.png"}]}, False),
        ({"data": [{**LOCAL, "url": "/gradio_api/file=/tmp/gradio/ab/cat.png"}]}, False),
        ({"data": [{**LOCAL, "url": None}]}, False),
        ({"data": ["look at https://example.com/cat.png"]}, False),
        ({"data": [{"text": "http://example.com", "files": []}]}, False),
        ({"data": ['{"path": "http://example.com/cat.png"}']}, False),
        ({"data": [{"type": "image_url", "url": "https://example.com/cat.png"}]}, False),
        ({"data": [{"path": "http://example.com/cat.png"}]}, True),
        ({"data": [{"path": "HTTPS://example.com/cat.png"}]}, True),
        ({"data": [{"path": " http://example.com/cat.png"}]}, True),
        ({"data": [{"path": "//example.com/cat.png"}]}, True),
        ({"data": [{"path": "http://127.0.0.1:7860/gradio_api/file=/tmp/a"}]}, True),
        ({"data": [{**LOCAL, "url": "http://example.com/cat.png"}]}, True),
        ({"data": [{**LOCAL, "url": "http://127.0.0.1:7860@example.com/cat.png"}]}, True),
        ({"data": [{**LOCAL, "url": "http://127.0.0.1:9/cat.png"}]}, True),
        ({"data": [{"text": "", "files": [[{"file": {"path": "https://example.com/cat.png"}}]]}]}, True),
    ],
)
def test_remote_files_are_told_from_text_and_uploads(data: Any, refused: bool) -> None:
    assert (gates.refusal_of(json.dumps(data).encode(), OWN) is not None) is refused


def test_escaped_letters_do_not_hide_an_address() -> None:
    assert gates.refusal_of(b'{"p\\u0061th": "\\u0068ttp://example.com/cat.png"}', OWN)


@pytest.mark.parametrize("body", [b"", b"not json http://", b"\xff\xfe http:", b'"http://example.com"'])
def test_a_body_without_files_passes(body: bytes) -> None:
    assert not gates.refusal_of(body, OWN)


async def echo(request: Request) -> JSONResponse:
    return JSONResponse({"size": len(await request.body())})


@pytest.fixture
async def door() -> AsyncIterator[httpx.AsyncClient]:
    app = Starlette(routes=[Route("/{path:path}", echo, methods=["GET", "POST"])], middleware=gates.middleware())
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://testserver") as client:
        yield client


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/gradio_api/queue/join", b'{"data": ["hi"]}', 200),
        ("POST", "/gradio_api/queue/join", b'{"data": [{"path": "http://e.com/a"}]}', 400),
        ("POST", "/gradio_api/call/chat", b'{"data": [{"path": "http://e.com/a"}]}', 400),
        ("POST", "/gradio_api/call/v2/chat", b'{"message": {"path": "http://e.com/a"}}', 400),
        ("POST", "/gradio_api/run/chat", b'{"data": [{"path": "http://e.com/a"}]}', 400),
        ("POST", "/api/chat/", b'{"data": [{"path": "http://e.com/a"}]}', 400),
        ("POST", "/gradio_api/component_server", b'{"data": {"path": "http://e.com/a"}}', 400),
        ("POST", "/gradio_api/queue/join", b"[" * 200_000 + b'"http://"', 400),
        ("POST", "/gradio_api/queue/join", b"x" * (gates.MAX_EVENT_BYTES + 1), 413),
        ("POST", "/gradio_api/upload", b"x" * (gates.MAX_EVENT_BYTES + 1), 200),
        ("GET", "/gradio_api/file=http://e.com/a", b"", 400),
        ("GET", "/gradio_api/file=HTTPS:/e.com/a", b"", 400),
        ("GET", "/gradio_api/file/https://e.com/a", b"", 400),
        ("GET", "/gradio_api/proxy=https://e.hf.space/a", b"", 400),
        ("GET", "/gradio_api/file=/tmp/http-notes.txt", b"", 200),
    ],
)
async def test_requests_are_passed_or_refused(
    door: httpx.AsyncClient, method: str, path: str, body: bytes, status: int
) -> None:
    response = await door.request(method, path, content=body)
    assert response.status_code == status
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["referrer-policy"] == "no-referrer"
    assert "form-action 'none'" in response.headers["content-security-policy"]
    if status == 200:
        assert response.json() == {"size": len(body)}
    else:
        assert response.json()["detail"].endswith(".")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32"])
async def test_a_body_in_another_encoding_is_refused(door: httpx.AsyncClient, encoding: str) -> None:
    body = json.dumps({"data": [{"path": "https://example.com/a.png", "meta": {"_type": "gradio.FileData"}}]})
    response = await door.post("/gradio_api/queue/join", content=body.encode(encoding))
    assert response.status_code == 400
    assert response.json()["detail"] == gates.REFUSED_ENCODING


@pytest.mark.parametrize("spelled", ["constructor_args", "constructor\\u005fargs"])
async def test_a_transcript_with_a_component_in_it_is_refused(door: httpx.AsyncClient, spelled: str) -> None:
    part = '{"type": "component", "component": "file", "' + spelled + '": {}}'
    body = '{"data": [[{"role": "user", "content": [' + part + "]}]]}"
    response = await door.post("/gradio_api/queue/join", content=body.encode())
    assert response.status_code == 400
    assert response.json()["detail"] == gates.REFUSED_COMPONENT
    text = json.dumps({"data": ["what are constructor_args?"]}).encode()
    assert (await door.post("/gradio_api/queue/join", content=text)).status_code == 200


async def test_a_body_without_an_announced_length_is_counted(door: httpx.AsyncClient) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(17):
            yield b" " * 1024 * 1024

    assert (await door.post("/gradio_api/queue/join", content=chunks())).status_code == 413


class Elsewhere(http.server.BaseHTTPRequestHandler):
    """Another server, which writes down every path it is asked for."""

    asked: list[str]

    def do_GET(self) -> None:
        self.asked.append(self.path)
        self.send_response(204)
        self.end_headers()

    do_POST = do_GET

    def log_message(self, format: str, *args: Any) -> None:
        """Keeps quiet."""


@pytest.fixture
def elsewhere() -> Iterator[tuple[str, list[str]]]:
    """Address and list of requests of another origin."""
    asked: list[str] = []
    handler = type("Recording", (Elsewhere,), {"asked": asked})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", asked
        server.shutdown()
        thread.join()


def hostile(url: str) -> str:
    """An answer that tries every way known to make the page send something away."""
    return f"""
![a]({url}/markdown.png) ![r][ref]

[ref]: {url}/reference.png
<img src="{url}/img.png" srcset="{url}/srcset.png 2x" onerror="fetch('{url}/onerror')">
<video src="{url}/video.mp4" poster="{url}/poster.png" autoplay></video> <audio src="{url}/audio.mp3" autoplay></audio>
<picture><source srcset="{url}/source.png"><img src="x"></picture>
<form action="{url}/form" method="post"><input name="a" value="b"><button type="submit">Go on</button></form>
<style>@import url("{url}/import.css"); body {{ background: url({url}/background.png); }}</style>
<div style="background-image: url({url}/style.png)">styled</div>
<svg><image href="{url}/svg.png" /><use href="{url}/use.svg#a" /></svg>
<iframe src="{url}/frame.html"></iframe> <object data="{url}/object"></object> <embed src="{url}/embed">
<link rel="stylesheet" href="{url}/link.css"> <script src="{url}/script.js"></script>
<base href="{url}/"> <meta http-equiv="refresh" content="0;url={url}/meta">
<a href="javascript:fetch('{url}/javascript')" class="evil-link">click me</a>

```mermaid
graph LR
    A["<img src='{url}/mermaid.png'>"] --> B
```

the end
"""


@pytest.fixture(scope="module")
def app() -> Iterator[str]:
    def answer(message: dict[str, Any], _history: list[Any]) -> dict[str, Any]:
        words = f"{message['text']} and {len(message['files'])} files"
        return {"role": "assistant", "content": [{"type": "text", "text": words}]}

    with gr.Blocks() as demo:
        chatbot = gr.Chatbot(elem_id="chatbot")
        box = gr.MultimodalTextbox(elem_id="message-box", file_count="multiple", max_plain_text_length=200_000)
        gr.ChatInterface(answer, multimodal=True, chatbot=chatbot, textbox=box, api_name="chat")
    _, address, _ = demo.launch(
        prevent_thread_lock=True,
        quiet=True,
        css=look.css(),
        head=look.head({}),
        run_history=False,
        app_kwargs={"middleware": gates.middleware()},
    )
    yield address
    demo.close()


def test_a_hostile_answer_reaches_no_other_server(browser: Browser, app: str, elsewhere: tuple[str, list[str]]) -> None:
    url, asked = elsewhere
    with browser.new_context() as context:
        page = context.new_page()
        page.goto(app)
        page.locator("#message-box textarea").fill(hostile(url))
        page.locator("#message-box .submit-button").click()
        answer = page.locator("#chatbot [data-testid=bot]").last
        expect(answer).to_contain_text("the end")
        page.wait_for_timeout(1_000)
        page.locator("#chatbot form button, #chatbot .evil-link").evaluate_all(
            "traps => traps.forEach(trap => trap.click())"
        )
        page.wait_for_timeout(500)
        assert page.url.startswith(app)
        assert asked == []


def test_uploads_and_events_of_a_client_pass(app: str, tmp_path: Any) -> None:
    note = tmp_path / "note.txt"
    note.write_text("see http://example.com", encoding="utf-8")
    client = Client(app, verbose=False)
    try:
        answer = client.predict({"text": "http://example.com", "files": [handle_file(note)]}, api_name="/chat")
        assert "http://example.com and 1 files" in json.dumps(answer)
        with pytest.raises(httpx.HTTPStatusError, match="400 Bad Request"):
            client.predict({"text": "", "files": [{"path": "http://example.com/a.png"}]}, api_name="/chat")
    finally:
        client.close()
