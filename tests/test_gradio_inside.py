"""What the page script, the style sheet and gradio_inside take for granted of Gradio, in a real browser.

A failure here after an upgrade of Gradio names the habit of Gradio that has changed.
"""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import gradio as gr
import pytest
from gradio.data_classes import FileData, ListFiles
from gradio.state_holder import SessionState
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from chat_ui import gates, gradio_inside, look
from chat_ui.gradio_inside import english_words, message_of_part, set_property, uploads
from tests.on_page import hearing

LABELS = {
    "ko": {
        "Submit": "보내기",
        "Stop": "멈추기",
        "Edit": "고치기",
        "Copy message": "메시지 복사",
        "Upload a file": "파일 올리기",
        "Share": "공유",
    }
}
EDITABLE_ROWS = [("user", 0), ("assistant", 1), ("user", 2), ("assistant", 3)]


def text(words: str) -> list[dict[str, str]]:
    return [{"type": "text", "text": words}]


def history(picture: Path) -> list[Any]:
    """A question with a picture, a plain turn, and an answer with a note: four groups, five messages, six parts."""
    return [
        {"role": "user", "content": [{"path": str(picture)}, *text("What is this?")]},
        {"role": "assistant", "content": text("A square.")},
        {"role": "user", "content": text("And then?")},
        {"role": "assistant", "content": text("A partial ans")},
        {"role": "assistant", "content": text("Press Retry."), "metadata": {"title": "Cut"}},
    ]


async def respond(message: dict[str, Any], messages: list[dict[str, Any]]) -> AsyncIterator[list[dict[str, Any]]]:
    """Repeats the message, line by line, sixty times when it says "long"; fails when it says "fail"."""
    if message["text"] == "fail":
        raise gr.Error("It failed.", print_exception=False)
    asked = [*messages, {"role": "user", "content": text(message["text"])}]
    lines = 60 if message["text"].startswith("long") else 1
    for count in range(1, lines + 1):
        answer = "\n\n".join(f"{message['text']} {i}" for i in range(count))
        yield [*asked, {"role": "assistant", "content": text(answer)}]
        await asyncio.sleep(0.03)


def start_edit(target: str, messages: list[dict[str, Any]]) -> str:
    asked = json.loads(target)
    index = message_of_part(messages, asked["part"])
    return "nothing" if index is None else f"message {index} {messages[index]['role']}"


def wire(chatbot: gr.Chatbot, box: gr.MultimodalTextbox) -> None:
    """The box is emptied and shows Stop, the answer streams, the box shows Submit again."""
    quiet: Any = {"show_progress": "full", "api_visibility": "private"}
    sent = gr.State()
    taken = box.submit(
        lambda message: (gr.update(value=None, submit_btn=False, stop_btn=True), message), box, [box, sent], **quiet
    )
    turn = taken.then(respond, [sent, chatbot], chatbot, **quiet)
    turn.then(lambda: gr.update(submit_btn=True, stop_btn=False), None, box, **quiet)
    box.stop(None, None, None, cancels=[turn], api_visibility="private")


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a small chat that uses the page's look, script and gates, with nothing of the product's own."""
    picture = tmp_path_factory.mktemp("pictures") / "square.png"
    Image.new("RGB", (64, 64), "teal").save(picture)
    with gr.Blocks(fill_height=True) as demo:
        with gr.Sidebar(open=True):
            gr.Markdown("Settings")
        with gr.Tabs(), gr.Tab("Chat"):
            chatbot = gr.Chatbot(
                history(picture), elem_id="chatbot", editable="all", buttons=["copy"], autoscroll=False, scale=1
            )
            box = gr.MultimodalTextbox(
                elem_id="message-box",
                file_count="multiple",
                stop_btn=False,
                sources=["upload"],
                max_plain_text_length=200_000,
            )
            wire(chatbot, box)
            edited = gr.Textbox(elem_id="edited", label="Edited")
            edit_start = gr.Button(visible="hidden", elem_id="edit-start")
            edit_start.click(
                start_edit,
                [gr.Textbox(visible=False), chatbot],
                edited,
                js="(_, history) => [window.vitrine.editTarget(), history]",
                api_visibility="private",
            )
    _, address, _ = demo.launch(
        prevent_thread_lock=True,
        quiet=True,
        theme=look.theme(),
        css=look.css(),
        head=look.head(LABELS),
        i18n=english_words(),
        run_history=False,
        app_kwargs={"middleware": gates.middleware()},
    )
    yield address
    demo.close()


def visit(page: Page, address: str) -> None:
    page.goto(address)
    expect(page.locator("#chatbot [data-testid=bot]").first).to_be_visible()


@pytest.fixture
def chat(page: Page, app: str, browser_thread: ThreadPoolExecutor) -> Page:
    """The small chat in a fresh page."""
    browser_thread.submit(visit, page, app).result()
    return page


def send(page: Page, words: str) -> None:
    page.locator("#message-box textarea").fill(words)
    page.locator("#message-box textarea").press("Enter")


def rows(page: Page, role: str) -> Any:
    return page.locator(f"#chatbot .message-row.{role}-row")


@pytest.mark.parametrize(
    ("part", "index"), [(-1, None), (0, 0), (1, 0), (2, 1), (3, 3), (4, 4), (5, None)], ids=lambda value: str(value)
)
def test_parts_are_counted_as_the_page_draws_them(part: int, index: int | None) -> None:
    messages = [
        {"role": "user", "content": [{"type": "file"}, {"type": "text"}]},
        {"role": "assistant", "content": "plain"},
        {"role": "system", "content": "never drawn"},
        {"role": "user", "content": text("next")},
        {"role": "assistant", "content": text("last")},
    ]
    assert message_of_part(messages, part) == index


async def test_choices_that_were_given_later_outlive_an_update_of_another_property() -> None:
    with gr.Blocks() as demo:
        radio = gr.Radio(choices=[])
        set_property(radio, "choices", [("All", "all")])
        gr.Button().click(lambda: gr.skip(), None, radio)
    (event,) = demo.fns.values()
    visitor = SessionState(demo)
    await demo.postprocess_data(event, [gr.skip()], visitor)
    assert visitor[radio._id].preprocess("all") == "all"


@pytest.mark.parametrize(("role", "index"), EDITABLE_ROWS, ids=["picture", "answer", "question", "answer with a note"])
def test_the_pencil_of_every_message_gives_its_index(chat: Page, role: str, index: int) -> None:
    chat.locator('#chatbot .message-buttons [data-label="Edit"]').nth(index).click()
    expect(chat.locator("#edited textarea")).to_have_value(f"message {index} {role}")
    assert chat.locator("#chatbot .edit-textarea").count() == 0


def test_the_pencil_is_reached_by_keyboard_without_hovering(chat: Page) -> None:
    pencil = chat.locator('#chatbot .message-buttons [data-label="Edit"]').first
    expect(pencil).to_be_visible()
    pencil.focus()
    pencil.press("Enter")
    expect(chat.locator("#edited textarea")).to_have_value("message 0 user")


def test_a_pencil_that_is_pressed_before_its_button_is_drawn_is_heard(chat: Page) -> None:
    chat.evaluate(
        """() => {
            const button = document.querySelector("#edit-start");
            const place = button.parentNode;
            button.remove();
            document.querySelector('#chatbot [data-label="Edit"]').click();
            setTimeout(() => place.append(button), 100);
        }"""
    )
    expect(chat.locator("#edited textarea")).to_have_value("message 0 user")


def test_enter_inside_a_composition_sends_nothing_and_enter_after_it_sends_the_whole_text_once(chat: Page) -> None:
    questions = rows(chat, "user").count()
    box = chat.locator("#message-box textarea")
    box.focus()
    keyboard = chat.context.new_cdp_session(chat)
    keyboard.send("Input.insertText", {"text": "안녕하세"})
    keyboard.send("Input.imeSetComposition", {"text": "요", "selectionStart": 1, "selectionEnd": 1})
    enter = {"key": "Enter", "code": "Enter", "text": "\r", "windowsVirtualKeyCode": 13}
    keyboard.send("Input.dispatchKeyEvent", {"type": "keyDown", **enter})
    keyboard.send("Input.dispatchKeyEvent", {"type": "keyUp", **enter})
    assert rows(chat, "user").count() == questions
    keyboard.send("Input.insertText", {"text": "요"})
    expect(box).to_have_value("안녕하세요")
    box.press("Enter")
    expect(rows(chat, "user").last).to_contain_text("안녕하세요")
    expect(rows(chat, "bot").last).to_contain_text("안녕하세요 0")
    assert rows(chat, "user").count() == questions + 1


def test_the_answer_is_announced_once_and_not_token_by_token(chat: Page) -> None:
    announcer = chat.locator("#announcer")
    chat.evaluate(
        """() => {
            window.announced = [];
            new MutationObserver(() => {
                const text = document.getElementById("announcer").textContent;
                if (text) window.announced.push(text);
            }).observe(document.getElementById("announcer"), { childList: true });
        }"""
    )
    send(chat, "long")
    expect(announcer).to_contain_text("long 59", timeout=20_000)
    announced = chat.evaluate("window.announced")
    assert len(announced) == 1
    assert announced[0].startswith("long 0")
    expect(chat.locator('#chatbot [role="log"]')).to_have_attribute("aria-live", "off")


def test_a_reader_who_scrolled_up_is_left_alone_and_one_at_the_end_is_taken_along(chat: Page) -> None:
    log = chat.locator('#chatbot [role="log"]')
    at_end = """() => {
        const log = document.querySelector('#chatbot [role="log"]');
        return log.scrollHeight - log.scrollTop - log.clientHeight < 60;
    }"""
    send(chat, "long story")
    expect(rows(chat, "bot").last).to_contain_text("story 15")
    chat.wait_for_function(at_end)
    log.hover()
    chat.mouse.wheel(0, -60)
    chat.wait_for_function("() => window.vitrine")
    expect(rows(chat, "bot").last).to_contain_text("story 25")
    top = log.evaluate("log => log.scrollTop")
    expect(rows(chat, "bot").last).to_contain_text("story 40")
    assert log.evaluate("log => log.scrollTop") == top
    log.evaluate("log => log.scrollTo(0, log.scrollHeight)")
    expect(rows(chat, "bot").last).to_contain_text("story 59", timeout=20_000)
    expect(chat.locator("#message-box .stop-button")).to_have_count(0)
    chat.wait_for_function(at_end)


def test_a_reader_who_scrolls_to_the_end_is_taken_along_though_it_has_moved_on_meanwhile(chat: Page) -> None:
    log = chat.locator('#chatbot [role="log"]')
    send(chat, "long story")
    expect(rows(chat, "bot").last).to_contain_text("story 59", timeout=20_000)
    expect(chat.locator("#message-box .stop-button")).to_have_count(0)
    log.hover()
    chat.mouse.wheel(0, -200)
    away = "([log, px]) => log.scrollHeight - log.scrollTop - log.clientHeight > px"
    chat.wait_for_function(away, arg=[log.element_handle(), 100])
    # In one task, so that the page hears of the scrolling only when the end is elsewhere already.
    log.evaluate(
        """log => {
            log.scrollTo(0, log.scrollHeight);
            const more = document.createElement("div");
            more.style.height = "300px";
            log.firstElementChild.append(more);
        }"""
    )
    chat.wait_for_function(f"(given) => !({away})(given)", arg=[log.element_handle(), 24])


def test_the_words_gradio_writes_follow_the_language_of_the_page(chat: Page, app: str) -> None:
    send_button = chat.locator("#message-box .submit-button")
    expect(send_button).to_have_attribute("aria-label", "Submit")
    chat.evaluate("window.vitrine.setLanguage('ko')")
    expect(send_button).to_have_attribute("aria-label", "보내기")
    expect(chat.locator("html")).to_have_attribute("lang", "ko")
    chat.goto(app)  # remembered
    expect(send_button).to_have_attribute("aria-label", "보내기")
    expect(chat.locator("#chatbot").get_by_role("button", name="고치기")).to_have_count(4)
    chat.evaluate("window.vitrine.setLanguage('en')")
    expect(send_button).to_have_attribute("aria-label", "Submit")
    expect(chat.locator("#chatbot").get_by_role("button", name="Edit", exact=True)).to_have_count(4)


@pytest.mark.parametrize(
    ("locale", "language", "edit"),
    [("ko-KR", "ko", "고치기"), ("en-GB", "en", "Edit"), ("de-DE", "en", "Edit"), ("pt-BR", "en", "Edit")],
)
def test_the_first_language_is_the_browsers_if_the_page_speaks_it(
    browser: Browser, app: str, locale: str, language: str, edit: str
) -> None:
    with browser.new_context(locale=locale) as context:
        page = context.new_page()
        visit(page, app)
        assert page.evaluate("window.vitrine.language()") == language
        expect(page.locator("html")).to_have_attribute("lang", language)
        expect(page.locator("#chatbot").get_by_role("button", name=edit, exact=True)).to_have_count(4)
        page.locator("#chatbot").get_by_role("button", name=edit, exact=True).first.click()
        expect(page.locator("#edited textarea")).to_have_value("message 0 user")


def test_every_language_that_gradio_ships_is_kept_english() -> None:
    assets = Path(gr.__file__).parent / "templates" / "frontend" / "assets"
    core = next(assets.glob("core-*.js")).read_text(encoding="utf-8")
    shipped = set(re.findall(r'"\./lang/([\w-]+)\.json"', core))
    assert shipped
    assert shipped == set(english_words().translations)


@pytest.mark.parametrize(("width", "is_open"), [(390, False), (1280, True)])
def test_the_sidebar_is_closed_on_phones_only(page: Page, app: str, width: int, is_open: bool) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    visit(page, app)
    if is_open:
        expect(page.locator(".sidebar.open")).to_have_count(1)
        return
    page.wait_for_selector("html.sidebar-ready")
    expect(page.locator(".sidebar.open")).to_have_count(0)
    page.locator(".sidebar .toggle-button").click()
    expect(page.locator(".sidebar.open")).to_have_count(1)
    page.locator(".sidebar .toggle-button").click()
    expect(page.locator(".sidebar.open")).to_have_count(0)


@pytest.mark.parametrize("width", [390, 1440])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_box_is_in_sight_and_nothing_comes_from_elsewhere(page: Page, app: str, width: int, theme: str) -> None:
    asked: list[str] = []
    failures: list[str] = []
    page.set_viewport_size({"width": width, "height": 844})
    with (
        hearing(page.context, "request", lambda request: asked.append(request.url)),
        hearing(page.context, "weberror", lambda error: failures.append(str(error.error))),
    ):
        visit(page, f"{app}?__theme={theme}")
        box = page.locator("#message-box").bounding_box()
        assert box is not None
        assert box["y"] + box["height"] <= 844
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert [url for url in asked if not url.startswith((app, "data:", "blob:"))] == []
        assert failures == []
        expect(page.locator('#chatbot [data-label="Share"]')).to_be_hidden()


def test_nothing_moves_or_pulses_while_text_streams(chat: Page) -> None:
    # The sidebar slides in when the page has loaded.
    chat.wait_for_function("document.querySelector('.sidebar').getAnimations().length === 0")
    send(chat, "long")
    expect(chat.locator("#message-box .stop-button")).to_be_visible()
    first = chat.locator("#message-box").bounding_box()
    expect(rows(chat, "bot").last).to_contain_text("long 30")
    assert chat.locator("#message-box").bounding_box() == first
    endless = """() => document.getAnimations()
        .filter((animation) => animation.effect.getTiming().iterations === Infinity)
        .filter((animation) => animation.effect.target.checkVisibility())
        .map((animation) => animation.animationName)"""
    assert chat.evaluate(endless) == []


def test_a_long_paste_stays_text(chat: Page) -> None:
    box = chat.locator("#message-box textarea")
    box.focus()
    box.evaluate(
        """(box, text) => {
            const data = new DataTransfer();
            data.setData("text/plain", text);
            const paste = new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true });
            if (box.dispatchEvent(paste)) document.execCommand("insertText", false, text);
        }""",
        "가" * 5_000,
    )
    expect(box).to_have_value("가" * 5_000)
    expect(chat.locator("#message-box .thumbnail-item")).to_have_count(0)


def test_two_clicks_send_once_and_an_empty_box_sends_nothing(chat: Page) -> None:
    questions = rows(chat, "user").count()
    chat.locator("#message-box .submit-button").click()
    chat.locator("#message-box textarea").fill("once")
    chat.locator("#message-box .submit-button").evaluate("button => { button.click(); button.click(); }")
    expect(rows(chat, "bot").last).to_contain_text("once 0")
    expect(chat.locator("#message-box .submit-button")).to_be_visible()
    assert rows(chat, "user").count() == questions + 1


def test_uploads_come_with_their_names_and_no_stub_is_written() -> None:
    with gr.Blocks():
        field = uploads(file_count="multiple")
    assert field.get_block_name() == "file"
    files = [FileData(path="/u/1/a.png", orig_name="한글 a.png"), FileData(path="/u/2/b.png")]
    assert field.preprocess(ListFiles(files)) == [("/u/1/a.png", "한글 a.png"), ("/u/2/b.png", "b.png")]
    assert field.preprocess(files[0]) == [("/u/1/a.png", "한글 a.png")]
    assert field.preprocess(None) == []
    assert list(Path(gradio_inside.__file__).parent.glob("*.pyi")) == []
