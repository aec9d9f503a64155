"""Pictures on the whole page: every way in, what they cost before they are sent, and which go along again."""

import base64
import json
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from chat_core.connections import Connection
from chat_core.settings import Settings
from chat_ui.layout import build_app
from chat_ui.texts import t
from tests import scripted_server as play
from tests.on_page import (
    answers,
    attached,
    begin_anew,
    box,
    note,
    option,
    picture_file,
    questions,
    send,
    sent_picture,
    settled,
    switch_language,
    visit,
)
from tests.scripted_server import ScriptedServer

# The server says what OpenAI's says of the tokens of pictures.
USAGE = {"prompt_tokens": 300, "completion_tokens": 3, "prompt_tokens_details": {"image_tokens": 255}}
MODELS = ("gpt-4o", "gpt-5.4")

PUT_FILES = """(target, [kind, files]) => {
    const transfer = new DataTransfer();
    for (const [name, data] of files) {
        const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
        transfer.items.add(new File([bytes], name, { type: "image/png" }));
    }
    const options = { bubbles: true, cancelable: true };
    if (kind === "paste") {
        target.dispatchEvent(new ClipboardEvent("paste", { clipboardData: transfer, ...options }));
    } else {
        for (const type of ["dragenter", "dragover", "drop"]) {
            target.dispatchEvent(new DragEvent(type, { dataTransfer: transfer, ...options }));
        }
    }
}"""


@pytest.fixture(scope="module")
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer(play.answer("Seen.", usage=USAGE)) as running:
        running.models = [{"id": name, "object": "model", "created": 1, "owned_by": "t"} for name in MODELS]
        yield running


@pytest.fixture(scope="module")
def lasting_page(server: ScriptedServer, browser: Browser, browser_thread: ThreadPoolExecutor) -> Iterator[Page]:
    app = build_app(Settings(), Connection("custom", server.base_url, "sk-x"))
    _, address, _ = app.page.launch(prevent_thread_lock=True, quiet=True, **app.launch_options)

    def opened() -> Page:
        page = browser.new_page(viewport={"width": 1440, "height": 900}, locale="en-US")
        visit(page, address, model="gpt-4o")
        page.locator("#pictures > button").click()
        return page

    page = browser_thread.submit(opened).result()
    yield page
    browser_thread.submit(page.close).result()
    app.page.close()


@pytest.fixture
def page(lasting_page: Page, server: ScriptedServer, browser_thread: ThreadPoolExecutor) -> Page:
    """The page with an empty chat, an empty box and untouched controls; nothing has been asked."""

    def anew() -> None:
        begin_anew(lasting_page)
        box(lasting_page).fill("")
        while attached(lasting_page).count():
            count = attached(lasting_page).count()
            lasting_page.locator('#message-box [data-label="Remove file"]').first.click()
            expect(attached(lasting_page)).to_have_count(count - 1)
        for control, at in (("detail", 0), ("sizing", 0), ("pictures-kept", 1), ("picture-links", 0)):
            choose(lasting_page, control, at)
        expect(strip(lasting_page)).to_have_count(0)

    browser_thread.submit(anew).result()
    server.requests.clear()
    return lasting_page


def choose(page: Page, control: str, at: int) -> None:
    page.locator(f"#{control} label").nth(at).click()
    expect(page.locator(f"#{control} input").nth(at)).to_be_checked()


def strip(page: Page) -> Locator:
    return page.locator(".draft-pictures figure")


def put(page: Page, kind: str, *colours: str) -> None:
    """Paste or drop pictures of these colours."""
    before = attached(page).count()
    files = [[f"{colour}.png", base64.b64encode(picture_file(color=colour)["buffer"]).decode()] for colour in colours]
    target = box(page) if kind == "paste" else page.locator("#message-box .full-container")
    target.evaluate(PUT_FILES, [kind, files])
    expect(attached(page)).to_have_count(before + len(colours))


def images(message: dict[str, Any]) -> list[dict[str, Any]]:
    content = message["content"]
    return [] if isinstance(content, str) else [part for part in content if part["type"] == "image_url"]


def colour(part: dict[str, Any]) -> tuple[int, ...]:
    return sent_picture(part)[1].convert("RGB").getpixel((5, 5))


def test_pasted_dropped_and_linked_pictures_are_seen_priced_and_sent_in_order(
    page: Page, server: ScriptedServer
) -> None:
    put(page, "paste", "teal")
    put(page, "drop", "orange", "navy")
    link = "https://example.com/cat.png"
    box(page).fill(f"Compare with {link}")
    expect(strip(page)).to_have_count(4)
    expect(strip(page).last).to_contain_text(link)
    first = strip(page).first
    expect(first).to_contain_text("PNG · 64 × 48")
    expect(first.locator(".chosen")).to_have_text(re.compile("auto 255"))
    choose(page, "detail", 2)
    expect(first.locator(".chosen")).to_have_text(re.compile("low 85"))
    expect(page.locator("#meter")).to_contain_text("pictures 255")
    page.locator("#model input").fill("gpt-5.4")
    page.locator("#model input").press("Enter")
    expect(first).to_contain_text("low 5")
    expect(page.locator("#meter")).to_contain_text("pictures 15")
    page.locator("#model input").fill("gpt-4o")
    page.locator("#model input").press("Enter")
    expect(first).to_contain_text("auto 255")
    send(page, f"Compare with {link}")
    (message,) = server.requests[0].body["messages"]
    kinds = [part["type"] for part in message["content"]]
    assert kinds == ["image_url", "image_url", "image_url", "text", "image_url"]
    sent = images(message)
    assert [colour(part) for part in sent[:3]] == [(0, 128, 128), (255, 165, 0), (0, 0, 128)]
    assert sent[3]["image_url"] == {"url": link, "detail": "low"}
    assert {part["image_url"]["detail"] for part in sent} == {"low"}
    expect(strip(page)).to_have_count(0)
    # The server's own count stands beside what was told before.
    note(page, "tokens").first.locator(".title").click()
    expect(note(page, "tokens").first).to_contain_text("255 tokens by the server's count, unknown estimated before")
    send(page, "And now?")
    assert len(images(server.requests[1].body["messages"][0])) == 4


def test_an_old_picture_is_told_once_and_can_be_sent_again(page: Page, server: ScriptedServer) -> None:
    put(page, "paste", "teal")
    for words in ("One", "Two", "Three", "Four"):
        send(page, words)
    carried = [len(images(exchange.body["messages"][0])) for exchange in server.requests]
    assert carried == [1, 1, 0, 0]
    title = t("en", "note.left_behind.title", count=1)
    expect(note(page, title)).to_have_count(1)
    expect(page.locator("#meter")).to_contain_text(t("en", "meter.old_pictures", count=1))
    box(page).fill("Once more")
    page.locator("#meter [data-again]").click()
    expect(attached(page)).to_have_count(1)
    expect(box(page)).to_have_value("Once more")
    send(page, "Once more")
    messages = server.requests[-1].body["messages"]
    assert [len(images(message)) for message in messages if message["role"] == "user"] == [0, 0, 0, 0, 1]
    assert "not sent again" in json.dumps(messages[0])


def test_the_note_of_an_old_picture_has_a_button_that_attaches_it(page: Page, server: ScriptedServer) -> None:
    put(page, "paste", "teal", "navy")
    for words in ("One", "Two", "Three"):
        send(page, words)
    option(page, t("en", "action.send_again")).click()
    expect(attached(page)).to_have_count(2)
    settled(page)
    assert len(server.requests) == 3


def test_all_pictures_go_along_where_that_was_chosen(page: Page, server: ScriptedServer) -> None:
    choose(page, "pictures-kept", 3)
    put(page, "paste", "teal")
    for words in ("One", "Two", "Three"):
        send(page, words)
    assert [len(images(exchange.body["messages"][0])) for exchange in server.requests] == [1, 1, 1]


def test_a_picture_is_sent_in_the_chosen_size(page: Page, server: ScriptedServer) -> None:
    choose(page, "sizing", 2)
    data = picture_file("wide.png", size=(1600, 800))
    page.locator('#message-box input[type="file"]').set_input_files([data])
    expect(strip(page)).to_contain_text("sent as 512 × 256: saves 850 tokens")
    send(page, "Small")
    assert sent_picture(images(server.requests[0].body["messages"][0])[0])[1].size == (512, 256)


def test_a_data_url_in_the_text_becomes_a_picture_where_it_stood(page: Page, server: ScriptedServer) -> None:
    url = "data:image/png;base64," + base64.b64encode(picture_file(color="teal")["buffer"]).decode()
    send(page, f"Look: {url} What is it?")
    content = server.requests[0].body["messages"][0]["content"]
    assert [part["type"] for part in content] == ["text", "image_url", "text"]
    assert colour(content[1]) == (0, 128, 128)
    expect(questions(page).locator("img")).to_have_count(1)
    expect(questions(page)).not_to_contain_text("base64")


def test_the_camera_takes_a_picture_into_the_box(page: Page, server: ScriptedServer) -> None:
    box(page).fill("What do I hold?")
    page.locator("#camera-open").click()
    page.locator("#camera").get_by_text(re.compile("Webcam|Allow the camera")).click()
    # As a person does: when there is something to be seen.
    page.wait_for_function("() => document.querySelector('#camera video')?.readyState === 4")
    page.locator("#camera").get_by_role("button", name="Take the picture").click()
    expect(attached(page)).to_have_count(1)
    expect(page.locator("#camera")).to_be_hidden()
    expect(box(page)).to_have_value("What do I hold?")
    send(page, "What do I hold?")
    expect(answers(page)).to_have_text("Seen.")
    assert len(images(server.requests[0].body["messages"][0])) == 1


def test_the_strip_speaks_the_language_of_the_page(page: Page) -> None:
    put(page, "paste", "teal")
    try:
        switch_language(page, "ko")
        expect(strip(page)).to_contain_text("토큰:")
        expect(page.locator("#camera-open")).to_have_text("카메라")
        page.locator("#camera-open").click()
        expect(page.locator("#camera")).to_contain_text("카메라 허용하기")
        page.locator("#camera-close").click()
        expect(page.locator("#camera")).to_be_hidden()
    finally:
        switch_language(page, "en")
