"""The tab Describe images in a real browser, against a scripted server. One page for all tests, cleared in between."""

import asyncio
import csv
import io
import json
import re
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, FilePayload, Locator, Page, expect

from chat_core.connections import Connection
from chat_core.describing import find
from chat_core.settings import Clocks, Settings
from chat_ui.layout import build_app
from chat_ui.texts import t
from tests import scripted_server as play
from tests.on_page import (
    PATIENCE_MS,
    answers,
    begin_anew,
    fits,
    pass_list,
    picture_file,
    questions,
    send,
    sent_picture,
    speaks_korean,
    switch_language,
    tab,
    toast,
    user,
    visit,
)
from tests.scripted_server import Exchange, ScriptedServer

ONE_COLUMN = """() => {
    const places = [...document.querySelectorAll(".picture")].map((card) => card.getBoundingClientRect());
    return places.every((place) => place.left === places[0].left && place.width > 300);
}"""
COLOURS = ("teal", "red", "orange", "navy", "olive", "purple")


@dataclass(frozen=True)
class Stage:
    """The page, and the server that the app talks to."""

    page: Page
    server: ScriptedServer

    @property
    def bodies(self) -> list[dict[str, Any]]:
        return [exchange.body for exchange in self.server.requests]

    def of(self, element: str) -> Locator:
        return self.page.locator(f"#describe-{element}")

    def cards(self, status: str | None = None) -> Locator:
        return self.page.locator(f'.picture[data-status="{status}"]' if status else ".picture")

    def upload(self, *files: FilePayload) -> None:
        before = self.cards().count()
        self.of("files").locator('input[type="file"]').set_input_files(list(files))
        expect(self.cards()).to_have_count(before + len(files))
        expect(self.cards("reading")).to_have_count(0)

    def describe(self, count: int) -> None:
        """Press the button that asks so many, and see them all end."""
        button = self.of("start")
        expect(button).to_have_text(re.compile(rf"\b{count}\b"))
        button.click()
        expect(self.cards("waiting")).to_have_count(0)
        self.rested()

    def rested(self) -> None:
        expect(self.of("stop")).to_be_hidden()
        expect(self.of("clear")).to_be_visible()


@pytest.fixture(scope="module")
def opened(browser: Browser, browser_thread: ThreadPoolExecutor) -> Iterator[Stage]:
    with ScriptedServer() as server:
        settings = Settings(clocks=Clocks(retry_pause=0.01))
        app = build_app(settings, Connection("custom", server.base_url, "sk-test-1234567890abcdef"))
        _, address, _ = app.page.launch(prevent_thread_lock=True, quiet=True, **app.launch_options)

        def open_tab() -> Page:
            page = browser.new_page(viewport={"width": 1440, "height": 900}, locale="en-US")
            page.on("dialog", lambda dialog: dialog.accept())
            visit(page, address)
            tab(page, "describe").click()
            expect(page.locator("#describe-model input")).to_have_value("scripted-1")
            return page

        page = browser_thread.submit(open_tab).result()
        try:
            yield Stage(page, server)
        finally:
            browser_thread.submit(page.close).result()
            app.page.close()


@pytest.fixture
def stage(opened: Stage, browser_thread: ThreadPoolExecutor) -> Iterator[Stage]:
    """The tab without a picture, and the server answering by colour."""
    opened.server.script = by_colour
    opened.server.requests.clear()
    yield opened

    def clear() -> None:
        tab(opened.page, "describe").click()
        if opened.cards().count():
            if opened.of("stop").is_visible():
                opened.of("stop").click()
            opened.of("clear").click()
            expect(opened.cards()).to_have_count(0)

    browser_thread.submit(clear).result()


def pictures(count: int) -> list[FilePayload]:
    return [picture_file(f"{colour}.png", color=colour) for colour in COLOURS[:count]]


def colour_of(exchange: Exchange) -> tuple[int, ...]:
    (message,) = exchange.body["messages"]
    _, image = sent_picture(message["content"][0])
    pixel = image.convert("RGB").getpixel((0, 0))
    assert isinstance(pixel, tuple)
    return pixel


async def by_colour(exchange: Exchange) -> None:
    await play.answer(f"A field of {'/'.join(map(str, colour_of(exchange)))}.")(exchange)


async def fails_on_red(exchange: Exchange) -> None:
    if colour_of(exchange) == (255, 0, 0):
        await play.error(400, "Invalid content.", "invalid_value")(exchange)
    else:
        await by_colour(exchange)


def area(stage: Stage, place: int) -> Locator:
    return stage.cards().nth(place).locator("textarea")


def test_pictures_are_described_beside_a_failure_which_is_retried_alone(stage: Stage) -> None:
    limits = iter([play.error(429, "Slow down.", "rate_limit_exceeded", retry_after_ms="20")])

    async def script(exchange: Exchange) -> None:
        await next(limits, fails_on_red)(exchange)

    stage.server.script = script
    stage.upload(*pictures(4), {"name": "trap.png", "mimeType": "image/png", "buffer": b"PK no picture"})
    expect(stage.cards().last).to_contain_text(t("en", "error.bad_image.not_a_picture"))
    # Nothing goes out before the button is pressed; what it takes stands there, the price as what it is.
    expect(stage.of("estimate")).to_contain_text(t("en", "describe.count", count=4))
    expect(stage.of("estimate")).to_contain_text(t("en", "meter.price_unknown"))
    assert stage.bodies == []
    stage.describe(4)
    expect(stage.cards("done")).to_have_count(3)
    expect(area(stage, 0)).to_have_value("A field of 0/128/128.")
    expect(stage.cards().nth(1)).to_contain_text(t("en", "error.bad_request.title"))
    expect(stage.of("progress")).to_contain_text(t("en", "describe.progress", done=3, all=5))
    expect(stage.of("progress")).to_contain_text(t("en", "usage.unknown"))
    assert len(stage.bodies) == 5
    alt_text = find("alt_text")
    assert alt_text is not None
    assert stage.bodies[0]["messages"][0]["content"][1] == {"type": "text", "text": alt_text.prompt.en}

    stage.server.script = by_colour
    stage.server.requests.clear()
    stage.cards().nth(1).locator('[data-do="retry"]').click()
    expect(area(stage, 1)).to_have_value("A field of 255/0/0.")
    stage.rested()
    assert len(stage.bodies) == 1
    # The ledger of the visit has a row for each answer.
    tab(stage.page, "usage").click()
    expect(stage.page.locator("#ledger tbody tr")).to_have_count(4)


def test_nothing_starts_without_a_limit_or_a_prompt(stage: Stage) -> None:
    stage.upload(*pictures(1))
    for dollars, count, words in (
        ("", "", "describe.no_limit"),
        # Dollars alone cannot be kept to where the price is not known.
        ("1", "", "describe.limit_unpriced"),
    ):
        stage.of("dollars").locator("input").fill(dollars)
        stage.of("pictures").locator("input").fill(count)
        stage.of("start").click()
        expect(toast(stage.page)).to_contain_text(t("en", words))
        stage.page.locator(".toast-close").first.click()
        expect(toast(stage.page)).to_have_count(0)
    stage.of("pictures").locator("input").fill("100")
    prompt = stage.of("prompt").locator("textarea")
    written = prompt.input_value()
    prompt.fill(" ")
    stage.of("start").click()
    expect(toast(stage.page)).to_contain_text(t("en", "describe.no_prompt"))
    prompt.fill(written)
    assert stage.bodies == []


def test_a_limit_in_pictures_is_kept(stage: Stage) -> None:
    stage.upload(*pictures(4))
    stage.of("pictures").locator("input").fill("2")
    stage.of("start").click()
    expect(stage.of("progress")).to_contain_text(t("en", "describe.ended_budget", left=2))
    assert len(stage.bodies) == 2
    stage.of("pictures").locator("input").fill("100")
    stage.describe(2)
    expect(stage.cards("done")).to_have_count(4)
    assert len(stage.bodies) == 4


LEAVING = """() => {
    const leaving = new Event("beforeunload", { cancelable: true });
    dispatchEvent(leaving);
    return leaving.defaultPrevented;
}"""


def test_the_browser_asks_before_descriptions_are_left(stage: Stage) -> None:
    stage.upload(*pictures(1), {"name": "trap.png", "mimeType": "image/png", "buffer": b"PK no picture"})
    # A failure is nothing that was begun, and pictures that are only waiting are nothing that could be lost.
    expect(stage.of("start")).to_have_text(t("en", "describe.start_count", count=1))
    assert not stage.page.evaluate(LEAVING)
    stage.describe(1)
    assert stage.page.evaluate(LEAVING)
    stage.of("clear").click()
    expect(stage.cards()).to_have_count(0)
    assert not stage.page.evaluate(LEAVING)


def test_descriptions_are_cleared_only_after_a_question(stage: Stage) -> None:
    stage.upload(*pictures(1))
    stage.describe(1)
    asked = "words => { window.asked = words; return false; }"
    stage.page.evaluate(f"() => {{ window.agree = window.confirm; window.confirm = {asked}; }}")
    stage.of("clear").click()
    assert stage.page.evaluate("window.asked") == t("en", "literal.clear_all_descriptions")
    expect(stage.cards("done")).to_have_count(1)
    stage.page.evaluate("() => { window.confirm = window.agree; }")
    stage.of("clear").click()
    expect(stage.cards()).to_have_count(0)


def test_an_edited_prompt_stays_when_the_list_of_presets_is_only_passed(stage: Stage) -> None:
    prompt = stage.of("prompt").locator("textarea")
    stock = prompt.input_value()
    prompt.fill("In three words.")
    pass_list(stage.page, stage.of("preset").locator("input"))
    stage.upload(*pictures(1))
    stage.describe(1)
    expect(prompt).to_have_value("In three words.")
    prompt.fill(stock)


def test_asking_all_again_in_vain_takes_no_description_away(stage: Stage) -> None:
    stage.upload(*pictures(2))
    stage.describe(2)
    first = area(stage, 0).input_value()
    area(stage, 1).fill("Mine.")
    prompt = stage.of("prompt").locator("textarea")
    written = prompt.input_value()
    prompt.fill(" ")
    stage.of("again").click()
    expect(toast(stage.page)).to_contain_text(t("en", "describe.no_prompt"))
    expect(stage.cards("done")).to_have_count(2)
    prompt.fill(written)
    # The limit is reached after the first of them.
    stage.of("pictures").locator("input").fill("1")
    stage.of("again").click()
    expect(stage.of("progress")).to_contain_text(t("en", "describe.ended_budget", left=1))
    expect(area(stage, 0)).to_have_value(first)
    expect(area(stage, 1)).to_have_value("Mine.")
    with stage.page.expect_download() as download:
        stage.of("html").click()
    assert 'alt="Mine."' in Path(download.value.path()).read_text()
    assert len(stage.bodies) == 3
    stage.of("pictures").locator("input").fill("100")


def test_descriptions_are_edited_counted_and_exported(stage: Stage) -> None:
    stage.upload(*pictures(2))
    stage.describe(2)
    count = stage.cards().first.locator(".picture-count")
    area(stage, 0).fill("한" * 126)
    expect(count).to_have_text("126 / 125")
    expect(count).to_have_class(re.compile(r"\bover\b"))
    area(stage, 0).fill("=바다, 청록색")
    expect(count).to_have_text("8 / 125")
    area(stage, 0).blur()
    files = {}
    for form in ("csv", "jsonl", "html"):
        with stage.page.expect_download() as download:
            stage.of(form).click()
        files[form] = Path(download.value.path()).read_bytes()
        assert download.value.suggested_filename == f"descriptions.{form}"
    rows = list(csv.DictReader(io.StringIO(files["csv"].decode("utf-8-sig"))))
    assert [row["description"] for row in rows] == ["'=바다, 청록색", "A field of 255/0/0."]
    lines = [json.loads(line) for line in files["jsonl"].decode().splitlines()]
    assert [line["description"] for line in lines] == ["=바다, 청록색", "A field of 255/0/0."]
    assert files["html"].decode().startswith('<img src="teal.png" alt="=바다, 청록색" width="64" height="48">\n')
    # Another drawing leaves what was written.
    stage.cards().nth(1).locator('[data-do="remove"]').click()
    expect(stage.cards()).to_have_count(1)
    expect(area(stage, 0)).to_have_value("=바다, 청록색")


def test_a_picture_is_asked_on_about_in_the_chat(stage: Stage) -> None:
    stage.upload(*pictures(2))
    stage.describe(2)
    area(stage, 1).fill("A red field.")
    stage.cards().nth(1).locator('[data-do="chat"]').click()
    expect(tab(stage.page, "chat")).to_have_attribute("aria-selected", "true")
    expect(questions(stage.page)).to_have_count(1)
    expect(questions(stage.page).locator("img")).to_be_visible()
    expect(answers(stage.page)).to_have_text("A red field.")
    stage.server.script = play.answer("Blood red.")
    send(stage.page, "Which red?")
    first, answer, second = stage.bodies[-1]["messages"]
    assert sent_picture(first["content"][0])[1].getpixel((0, 0)) == (255, 0, 0)
    assert (answer, second) == ({"role": "assistant", "content": "A red field."}, user("Which red?"))
    begin_anew(stage.page)


def test_stop_closes_the_requests_and_going_on_asks_the_rest(stage: Stage) -> None:
    held: list[Exchange] = []
    all_held = threading.Event()

    async def hold_others(exchange: Exchange) -> None:
        if colour_of(exchange) == (0, 128, 128):
            await by_colour(exchange)
            return
        await exchange.start()
        await exchange.event(play.chunk("Half"))
        held.append(exchange)
        if len(held) == 4:
            all_held.set()
        await asyncio.Event().wait()

    stage.server.script = hold_others
    stage.upload(*pictures(6))
    stage.of("start").click()
    assert all_held.wait(PATIENCE_MS / 1000)
    expect(area(stage, 0)).to_have_value("A field of 0/128/128.")
    # What is being written is not drawn over while others run.
    area(stage, 0).click()
    stage.page.keyboard.type("Mine. ")
    stage.of("stop").click()
    for exchange in held:
        assert exchange.closed.wait(PATIENCE_MS / 1000)
    stage.rested()
    expect(stage.of("progress")).to_contain_text(t("en", "describe.ended_stopped", left=5))
    expect(stage.cards("stopped")).to_have_count(4)
    assert "Mine." in area(stage, 0).input_value()
    stage.server.script = by_colour
    stage.server.requests.clear()
    stage.describe(5)
    expect(stage.cards("done")).to_have_count(6)
    assert len(stage.bodies) == 5


def test_a_folder_is_dropped_and_its_pictures_taken(stage: Stage) -> None:
    """Chromium gives no script a folder of its own to drop; this one behaves as its entries do."""
    stage.of("files").evaluate(
        """async (field) => {
            const canvas = new OffscreenCanvas(8, 8);
            canvas.getContext("2d").fillRect(0, 0, 8, 8);
            const blob = await canvas.convertToBlob();
            const file = (name) => ({
                isFile: true,
                file: (done) => done(new File([blob], name, { type: blob.type })),
            });
            const folder = (...inner) => ({
                isDirectory: true,
                createReader: () => ({ readEntries: (done) => done(inner.splice(0, 1)) }),
            });
            const entry = folder(file("a.png"), file(".DS_Store"), folder(file("b.png")));
            const drop = new Event("drop", { bubbles: true, cancelable: true });
            drop.dataTransfer = { items: [{ webkitGetAsEntry: () => entry }], files: [] };
            field.querySelector("button").dispatchEvent(drop);
        }"""
    )
    expect(stage.cards("waiting")).to_have_count(2)
    expect(stage.page.locator(".picture-name")).to_have_text([re.compile("a.png"), re.compile("b.png")])


def test_links_are_fetched_here_and_guarded(stage: Stage) -> None:
    stage.of("urls").locator("textarea").fill("http://127.0.0.1/cat.png\n\nftp://example.org/dog.png\nhttp://[::1")
    stage.of("add").click()
    expect(stage.cards("failed")).to_have_count(3)
    expect(stage.cards().first).to_contain_text(t("en", "error.bad_url.private_address"))
    expect(stage.cards().nth(1)).to_contain_text(t("en", "error.bad_url.scheme"))
    expect(stage.of("urls").locator("textarea")).to_have_value("")
    assert stage.bodies == []


def test_korean_has_its_own_words_and_prompts_and_a_phone_one_column(stage: Stage) -> None:
    stage.server.script = fails_on_red
    stage.upload(*pictures(3))
    switch_language(stage.page, "ko")
    alt_text = find("alt_text")
    assert alt_text is not None
    expect(stage.of("prompt").locator("textarea")).to_have_value(alt_text.prompt.ko)
    stage.describe(3)
    assert stage.bodies[0]["messages"][0]["content"][1]["text"] == alt_text.prompt.ko
    expect(stage.of("progress")).to_contain_text(t("ko", "describe.progress", done=2, all=3))
    speaks_korean(stage.page)
    stage.page.set_viewport_size({"width": 390, "height": 844})
    stage.page.wait_for_function(ONE_COLUMN)
    fits(stage.page)
    stage.page.set_viewport_size({"width": 1440, "height": 900})
    switch_language(stage.page, "en")
    expect(stage.of("prompt").locator("textarea")).to_have_value(alt_text.prompt.en)
    expect(stage.cards().nth(1)).to_contain_text(t("en", "error.bad_request.title"))
