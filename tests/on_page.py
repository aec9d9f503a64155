"""What a visitor does on the page and sees there, as functions on Playwright's ``Page``: for the browser tests."""

import asyncio
import base64
import io
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from PIL import Image
from playwright.sync_api import BrowserContext, FilePayload, Locator, Page, Route, expect

from chat_ui.texts import TEXTS, Language, t
from tests import scripted_server as play
from tests.scripted_server import Exchange, Script

T = TypeVar("T")

PATIENCE_MS = 30_000
LOCALES = {"en": "en-US", "ko": "ko-KR"}
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


def visit(page: Page, address: str, *, model: str = "scripted-1") -> None:
    """Open the app and wait until all has loaded and speaks the page's language. ``model``: the one to begin with."""
    page.set_default_timeout(PATIENCE_MS)
    expect.set_options(PATIENCE_MS)
    page.goto(address)
    language = page.wait_for_function("window.vitrine?.language()").json_value()
    expect(page.locator("html")).not_to_have_class(re.compile("translating"))
    expect(page.locator("#new-chat")).to_have_text(t(language, "chat.new"))
    expect(page.locator("#model input")).to_have_value(model)
    expect(page.locator("#meter")).to_contain_text(t(language, "meter.next"))
    expect(page.locator("#meter")).to_contain_text(re.compile(r"\d"))


@contextmanager
def hearing(where: Page | BrowserContext, event: Any, hear: Callable[[Any], object]) -> Iterator[None]:
    """Call ``hear`` for each such event while this lasts, and not in the next test, which has the same page."""
    where.on(event, hear)
    try:
        yield
    finally:
        where.remove_listener(event, hear)


@contextmanager
def held_back(page: Page, path: str) -> Iterator[Callable[[], None]]:
    """What the page sends to Gradio's ``path`` does not go out before the call of what this gives, or its end."""
    held: list[Route] = []

    def let_go() -> None:
        while held:
            held.pop(0).continue_()
        page.unroute(f"**/gradio_api/{path}*")

    page.route(f"**/gradio_api/{path}*", lambda route: held.append(route))
    try:
        yield let_go
    finally:
        let_go()


def eventually(page: Page, read: Callable[[], T], wanted: T) -> None:
    """Wait until that is read of the page: ``expect`` for what it cannot read itself."""
    patience = time.monotonic() + PATIENCE_MS / 1000
    while (found := read()) != wanted and time.monotonic() < patience:
        page.wait_for_timeout(50)
    assert found == wanted


def fits(page: Page) -> None:
    """Wait until nothing runs over the edge of the window."""
    eventually(page, lambda: page.evaluate(OVERFLOW) <= 0, True)


def box(page: Page) -> Locator:
    return page.locator("#message-box textarea")


def questions(page: Page) -> Locator:
    return page.locator("#chatbot .user-row")


def answers(page: Page) -> Locator:
    """What the model wrote, without the page's own notes."""
    return page.locator('#chatbot [data-testid="bot"]:not(:has(.thought-group))')


def note(page: Page, title: str) -> Locator:
    return page.locator("#chatbot .thought-group").filter(has=page.locator(".title", has_text=title))


def toast(page: Page) -> Locator:
    return page.locator(".toast-body")


def attached(page: Page) -> Locator:
    return page.locator("#message-box .thumbnail-item")


def pencils(page: Page) -> Locator:
    return page.locator('#chatbot .message-buttons [data-label="Edit"]')


def under(page: Page, label: str) -> Locator:
    """A button under a message, by Gradio's own name for it."""
    return page.locator(f'#chatbot .message-buttons [data-label="{label}"]').last


def option(page: Page, words: str) -> Locator:
    """A button of a note."""
    return page.locator("#chatbot .options button, #chatbot button.option", has_text=words).last


def settled(page: Page) -> None:
    """Wait until the turn is over and the box takes the next message."""
    expect(page.locator("#message-box .submit-button")).to_be_visible()


def send(page: Page, words: str) -> None:
    """Send and see the turn to its end."""
    before = questions(page).count()
    box(page).fill(words)
    box(page).press("Enter")
    expect(questions(page)).to_have_count(before + 1)
    settled(page)


def begin_anew(page: Page) -> None:
    """Press New chat, and wait until it has emptied the chat; the draft in the box stays.

    Also where there is nothing to be emptied: what is clicked next is not to overtake it.
    """
    with page.expect_response(lambda response: response.url.endswith("/run/predict")):
        page.locator("#new-chat").click()
    expect(page.locator("#chatbot [data-testid=user]")).to_have_count(0)
    expect(page.locator("#first-screen")).to_be_visible()


def attach(page: Page, *files: FilePayload) -> None:
    before = attached(page).count()
    page.locator('#message-box input[type="file"]').set_input_files(list(files))
    expect(attached(page)).to_have_count(before + len(files))


def choose_persona(page: Page, name: str) -> None:
    page.locator("#persona input").click()
    page.get_by_role("option", name=name, exact=True).click()


def pass_list(page: Page, box: Locator) -> None:
    """Go past a list with the Tab key; Gradio tells the server of a choice."""
    box.focus()
    with page.expect_response(lambda response: response.url.endswith("/run/predict")) as told:
        page.keyboard.press("Tab")
    told.value.finished()


def switch_language(page: Page, language: Language) -> None:
    page.locator("#language label", has_text={"ko": "한국어", "en": "English"}[language]).click()
    expect(page.locator("#new-chat")).to_have_text(t(language, "chat.new"))


def connect(page: Page, key: str, base_url: str) -> None:
    """Type a connection of one's own."""
    button = connect_button(page)
    page.locator("#api-key input").fill(key)
    page.locator("#base-url").locator("input, textarea").fill(base_url)
    button.click()
    expect(page.locator("#forget")).to_be_attached()
    expect(page.locator("#api-key input")).to_have_value("")


def connect_button(page: Page) -> Locator:
    """The button of the form for a connection of one's own, which is opened if it is closed."""
    button = page.locator("#connect")
    if not button.is_visible():
        page.locator("#own-connection > button").click()
    return button


def shown_code(page: Page, element: str) -> str:
    """All that a code view holds; the page itself draws only the lines in sight."""
    link = page.locator(f"#{element} a[download]")
    return link.evaluate("async link => (await fetch(link.href)).text()")


def tab(page: Page, name: str) -> Locator:
    """A tab by its id, in either language."""
    return page.get_by_role("tab", name=re.compile("|".join(map(re.escape, TEXTS[f"tab.{name}"]))))


def inspect(page: Page) -> None:
    tab(page, "inspect").click()
    expect(page.locator("#inspect-body a[download]")).to_be_attached()


def picture_file(name: str = "square.png", *, color: str = "teal", size: tuple[int, int] = (64, 48)) -> FilePayload:
    data = io.BytesIO()
    Image.new("RGB", size, color).save(data, "PNG")
    return {"name": name, "mimeType": "image/png", "buffer": data.getvalue()}


def text_file(name: str, text: str) -> FilePayload:
    return {"name": name, "mimeType": "text/plain", "buffer": text.encode()}


def sent_picture(part: dict[str, Any]) -> tuple[bytes, Image.Image]:
    """The bytes and the pixels of an image part on the wire."""
    data = base64.b64decode(part["image_url"]["url"].partition("base64,")[2], validate=True)
    return data, Image.open(io.BytesIO(data))


def user(text: str) -> dict[str, str]:
    return {"role": "user", "content": text}


def assistant(text: str) -> dict[str, str]:
    return {"role": "assistant", "content": text}


def gated(gate: threading.Event, first: str, second: str) -> Script:
    """An answer of two pieces; the second comes when the gate is opened."""

    async def script(exchange: Exchange) -> None:
        await exchange.start()
        await exchange.event(play.chunk(first))
        await asyncio.to_thread(gate.wait, PATIENCE_MS / 1000)
        await exchange.event(play.chunk(second))
        await exchange.event(play.chunk(finish="stop"))
        await exchange.event("[DONE]")
        await exchange.end()

    return script


# --- words ------------------------------------------------------------------------------------------------------------

VISIBLE_WORDS = """() => {
    const words = new Set();
    const seen = (element) =>
        !element.closest("script, style, svg, [role=log], #announcer") &&
        element.checkVisibility({ visibilityProperty: true, opacityProperty: true });
    for (const element of document.querySelectorAll("body *")) {
        if (!seen(element)) continue;
        for (const name of ["aria-label", "title", "placeholder"]) words.add(element.getAttribute(name) ?? "");
        if (element.matches("input:not([type=password], [type=radio], [type=checkbox])")) words.add(element.value);
        if (element.matches("p, li, h1, h2, h3, button, label, span, th, td, a")) words.add(element.innerText);
        for (const child of element.childNodes) if (child.nodeType === Node.TEXT_NODE) words.add(child.textContent);
    }
    return [...words];
}"""


def english_only() -> re.Pattern[str]:
    """Fits each English text of the page that is different in Korean, filled in with anything."""
    patterns = []
    for english, korean in TEXTS.values():
        for line in english.splitlines():
            literal = re.sub(r"[#*`]", "", line).strip()
            if english == korean or not re.search("[a-z]{2}", re.sub(r"{\w+}", "", literal)):
                continue
            patterns.append(re.sub(r"\\{\w+\\}", ".+", re.escape(literal)))
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns))


def speaks_korean(page: Page) -> None:
    """Wait until no word of the page is English."""
    eventually(page, lambda: english_words(page), [])


def english_words(page: Page) -> list[str]:
    pattern = english_only()
    pieces = {piece.strip() for words in page.evaluate(VISIBLE_WORDS) for piece in re.split(r" · |\n", words)}
    return sorted(piece for piece in pieces if pattern.fullmatch(piece))
