"""A batch in the tab Extract JSON, in a real browser. Few visits, each of which sees much: each takes long to open."""

import asyncio
import csv
import io
import json
import os
import re
import signal
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from chat_core.connections import Connection, demo
from chat_core.extracting import find
from chat_core.settings import Clocks, Settings
from chat_ui.batch_part import FIRST_LIMIT_ROWS
from chat_ui.layout import build_app
from chat_ui.row_intake import EXAMPLE_PRESET
from chat_ui.texts import Language, t
from tests import scripted_server as play
from tests.batch_server import BatchServer
from tests.batch_stage import about
from tests.conftest import Tabs
from tests.on_page import (
    LOCALES,
    OVERFLOW,
    PATIENCE_MS,
    VISIBLE_WORDS,
    english_words,
    tab,
    text_file,
    toast,
    visit,
)
from tests.scripted_server import Exchange, ScriptedServer
from tests.test_app import furnish, started

KEY = "sk-test-1234567890abcdef"
# Pairs of controls in the tab that lie on each other.
OVERLAPS = """() => {
    const seen = (element) => element.checkVisibility({ visibilityProperty: true, opacityProperty: true });
    // Tables scroll inside their frames.
    const controls = [...document.querySelectorAll(".extract :is(button, textarea, input, p)")]
        .filter((element) => seen(element) && !element.closest("#extract-fields, .table-scroll"))
        .map((element) => [element, element.getBoundingClientRect()])
        .filter(([, place]) => place.width > 1 && place.height > 1);
    const named = (element) => element.outerHTML.slice(0, 90);
    const found = [];
    controls.forEach(([one, a], at) => {
        for (const [other, b] of controls.slice(at + 1)) {
            if (one.contains(other) || other.contains(one)) continue;
            const wide = Math.min(a.right, b.right) - Math.max(a.left, b.left);
            const high = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
            if (wide > 2 && high > 2) found.push([named(one), named(other)]);
        }
    });
    return found;
}"""
KEPT = "() => localStorage.getItem('vitrine.batch')"


@dataclass(frozen=True)
class Desk:
    """The tab, as a visitor uses it."""

    page: Page
    language: Language = "en"

    def of(self, element: str) -> Locator:
        return self.page.locator(f"#batch-{element}")

    def rows(self, status: str | None = None) -> Locator:
        return self.of("table").locator(f'tr[data-status="{status}"]' if status else "tr[data-status]")

    def words(self, key: str, **values: object) -> str:
        return t(self.language, key, **values)

    def open(self, address: str, model: str, *, batch: bool = True) -> None:
        visit(self.page, address, model=model)
        tab(self.page, "extract").click()
        expect(self.page.locator("#extract-model input")).to_have_value(model)
        if batch:
            self.page.locator("#extract-mode label", has_text=self.words("extract.mode_batch")).click()
        expect(self.of("table")).to_be_visible()

    def upload(self, name: str, text: str) -> None:
        self.of("files").locator('input[type="file"]').set_input_files([text_file(name, text)])

    def texts(self) -> list[str]:
        """What the rows are made of."""
        return self.of("table").locator(".batch-text").all_inner_texts()

    def ended(self) -> None:
        expect(self.of("stop")).to_be_hidden()
        expect(self.of("clear")).to_be_visible()

    def save(self, button: str) -> bytes:
        with self.page.expect_download() as download:
            self.of(button).click()
        return Path(download.value.path()).read_bytes()

    def table(self, button: str = "csv") -> list[dict[str, str]]:
        return list(csv.DictReader(io.StringIO(self.save(button).decode("utf-8-sig"), newline="")))

    def fits_a_phone(self) -> None:
        self.page.set_viewport_size({"width": 390, "height": 844})
        self.page.wait_for_function(f"() => {OVERFLOW} <= 0 && document.documentElement.clientWidth <= 390")
        assert self.page.evaluate(OVERLAPS) == []
        table = self.of("table").locator(".table-scroll")
        assert table.evaluate("element => element.getBoundingClientRect().right") <= 390
        self.page.set_viewport_size({"width": 1440, "height": 900})

    def has_no_other_words(self) -> None:
        if self.language == "ko":
            assert english_words(self.page) == []
        else:
            hangul = {words.strip() for words in self.page.evaluate(VISIBLE_WORDS) if re.search("[가-힣]", words)}
            assert hangul <= {"한국어", "Language · 언어", "한국어\nEnglish", "한국어English"}, hangul


@contextmanager
def launched(connection: Connection, jobs: Path) -> Iterator[str]:
    app = build_app(Settings(clocks=Clocks(retry_pause=0.01), jobs_dir=jobs), connection)
    _, address, _ = app.page.launch(prevent_thread_lock=True, quiet=True, **app.launch_options)
    try:
        yield address
    finally:
        app.page.close()


async def people(exchange: Exchange) -> None:
    """What the first preset asks for."""
    await play.answer(json.dumps({"people": [about(exchange).removesuffix(", repair")]}, ensure_ascii=False))(exchange)


def test_five_korean_texts_are_a_table_that_is_there_again_until_it_is_deleted(
    tabs: Tabs, demo_url: str, tmp_path: Path
) -> None:
    jobs = tmp_path / "jobs"
    desk = Desk(tabs.blank(LOCALES["ko"]), "ko")
    with launched(demo(demo_url), jobs) as address:
        desk.open(address, "demo")
        expect(desk.of("table")).to_contain_text(desk.words("batch.empty"))
        expect(desk.of("estimate")).to_have_text(desk.words("batch.no_rows"))
        expect(desk.of("start")).to_be_disabled()
        desk.of("example").click()
        preset = find(EXAMPLE_PRESET)
        assert preset is not None
        assert preset.many is not None
        expect(desk.of("text").locator("textarea")).to_have_value(preset.many.ko)
        expect(desk.page.locator("#extract-preset input")).to_have_value(preset.name.ko)
        desk.of("add").click()
        expect(desk.rows("waiting")).to_have_count(5)
        expect(desk.of("text").locator("textarea")).to_have_value("")
        expect(desk.of("estimate")).to_contain_text(desk.words("batch.count", count=5))
        expect(desk.of("start")).to_have_text(desk.words("batch.start_count", count=5))
        desk.of("start").click()
        expect(desk.rows("done")).to_have_count(5)
        desk.ended()
        expect(desk.of("progress")).to_contain_text(desk.words("batch.progress", done=5, all=5))
        expect(desk.of("estimate")).to_have_text(desk.words("batch.nothing_to_ask"))

        # The file holds what the page shows.
        names = [row.name for row in preset.fields("ko") if "." not in row.name]
        rows = desk.table()
        assert [row["text"] for row in rows] == preset.many.ko.split("\n\n")
        assert {row["status"] for row in rows} == {"done"}
        shown = [row.locator("td").all_inner_texts() for row in desk.rows().all()]
        assert all(row["name"] for row in rows)
        for row, cells in zip(rows, shown, strict=True):
            for place, name in enumerate(names, start=1):
                value = json.loads(row[name]) if row[name][:1] == "[" else row[name]
                words = ", ".join(value) if isinstance(value, list) and value else value or row[name]
                assert cells[place] in (words, "null", "[]"), (name, cells[place], words)
        assert [row["name"] for row in rows] == [cells[1] for cells in shown]
        lines = [json.loads(line) for line in desk.save("jsonl").splitlines()]
        assert [line["data"]["name"] for line in lines] == [row["name"] for row in rows]
        desk.page.locator("#batch-remote > button").click()
        expect(desk.of("save")).to_be_visible()
        desk.has_no_other_words()
        desk.fits_a_phone()

        # Another visitor sees nothing of it, and an id that names no batch (any more) is let go.
        job_id = desk.page.evaluate(KEPT)
        assert re.fullmatch(r"[\w-]{32}", job_id)
        other = Desk(tabs.blank(LOCALES["en"]))
        other.page.goto(f"{address}/robots.txt")
        other.page.evaluate("() => localStorage.setItem('vitrine.batch', 'x'.repeat(32))")
        other.open(address, "demo")
        expect(other.of("table")).to_contain_text(other.words("batch.empty"))
        other.page.wait_for_function(f"() => ({KEPT})() === null")
        expect(other.rows()).to_have_count(0)
        expect(other.of("csv")).to_be_hidden()
        other.has_no_other_words()

        # It is there again, with all that was asked.
        desk.open(address, "demo", batch=False)
        expect(desk.rows("done")).to_have_count(5)
        expect(desk.page.locator("#extract-preset input")).to_have_value(preset.name.ko)
        assert desk.page.evaluate(KEPT) == job_id
        assert desk.table() == rows

        # Deleted, it is gone from the disk and from the browser.
        assert len(list(jobs.iterdir())) == 1
        # It asks first; who says no has lost nothing.
        desk.page.once("dialog", lambda dialog: dialog.dismiss())
        desk.of("clear").click()
        expect(desk.rows("done")).to_have_count(5)
        desk.page.once("dialog", lambda dialog: dialog.accept())
        desk.of("clear").click()
        expect(desk.rows()).to_have_count(0)
        expect(desk.of("clear")).to_be_hidden()
        assert list(jobs.iterdir()) == []
        desk.page.wait_for_function(f"() => ({KEPT})() === null")


TABLE = """who,story
Anna,Anna met Tom in Rome.
Tom,Tom <b>met</b> Eve in Paris.
Eve,"Eve, at last, met nobody."
Kim,Kim stayed at home all day long.
Lee,Lee was never heard of again.
"""


def test_a_column_is_asked_stopped_gone_on_with_mended_and_sent(tabs: Tabs, tmp_path: Path) -> None:
    all_held, looked = threading.Event(), threading.Event()
    held: list[Exchange] = []
    batches = BatchServer(looks=("completed",), answer=lambda _: '{"people": ["Sent"]}')

    async def look_later(exchange: Exchange) -> None:
        assert await asyncio.to_thread(looked.wait, PATIENCE_MS / 1000)
        await batches(exchange)

    batches.replies["GET /v1/batches/batch_0"] = [look_later]

    async def script(exchange: Exchange) -> None:
        if not exchange.path.endswith("/chat/completions"):
            await batches(exchange)
        elif "Rome" in about(exchange):
            await people(exchange)
        else:
            await exchange.start()
            held.append(exchange)
            if len(held) == 4:
                all_held.set()
            await asyncio.Event().wait()

    async def faulty(exchange: Exchange) -> None:
        if not exchange.path.endswith("/chat/completions"):
            await batches(exchange)
        elif "Paris" in about(exchange):
            await play.answer('{"people": "<img src=x>"}')(exchange)
        elif "nobody" in about(exchange):
            await play.error(400, "Invalid <b>content</b>.", "invalid_value")(exchange)
        else:
            await people(exchange)

    async def well(exchange: Exchange) -> None:
        await (people if exchange.path.endswith("/chat/completions") else batches)(exchange)

    desk = Desk(tabs.blank())
    with (
        ScriptedServer(script) as server,
        launched(Connection("custom", server.base_url, KEY), tmp_path / "jobs") as address,
    ):
        desk.open(address, "scripted-1")
        desk.upload("people.csv", TABLE)
        expect(desk.rows("waiting")).to_have_count(5)
        expect(desk.of("column").locator("input")).to_have_value("story")
        assert desk.texts()[1] == "Tom <b>met</b> Eve in Paris."
        # Another column, and the first line read as one of the rows; and back.
        desk.of("column").locator("input").click()
        desk.page.get_by_role("option", name="who", exact=True).click()
        expect(desk.of("table").locator(".batch-text").first).to_have_text("Anna")
        desk.of("heads").locator("input").uncheck()
        expect(desk.rows()).to_have_count(6)
        expect(desk.of("column").locator("input")).to_have_value("2")
        assert desk.texts()[0] == "story"
        desk.of("heads").locator("input").check()
        expect(desk.rows()).to_have_count(5)
        expect(desk.of("estimate")).to_contain_text(desk.words("meter.price_unknown"))
        assert server.requests == []

        # Without a price there has to be a limit in rows, and it can be set then.
        desk.of("most").locator("input").fill("")
        desk.of("start").click()
        expect(toast(desk.page)).to_contain_text(desk.words("batch.limit_unpriced"))
        desk.page.locator(".toast-close").first.click()
        desk.of("most").locator("input").fill(str(FIRST_LIMIT_ROWS))

        desk.of("start").click()
        assert all_held.wait(PATIENCE_MS / 1000)
        expect(desk.rows("done")).to_have_count(1)
        expect(desk.rows("running")).to_have_count(4)
        expect(desk.of("start")).to_be_hidden()
        desk.of("stop").click()
        for exchange in held:
            assert exchange.closed.wait(PATIENCE_MS / 1000)
        desk.ended()
        expect(desk.rows("stopped")).to_have_count(4)
        expect(desk.of("progress")).to_contain_text(desk.words("batch.ended_stopped", left=4)[:40])

        # Going on asks the rest; what is faulty says why.
        server.script = faulty
        server.requests.clear()
        expect(desk.of("start")).to_have_text(desk.words("batch.resume", count=4))
        desk.of("start").click()
        expect(desk.rows("done")).to_have_count(3)
        desk.ended()
        asked_for = Counter(about(exchange) for exchange in server.requests)
        assert not [text for text in asked_for if "Rome" in text]
        assert set(asked_for.values()) == {1}
        invalid, failed = desk.rows("invalid"), desk.rows("failed")
        expect(invalid).to_have_count(1)
        expect(invalid.locator("td.invalid")).to_have_text("<img src=x>")
        expect(invalid.locator(".problem")).to_contain_text("people")
        expect(failed).to_contain_text("Invalid <b>content</b>.")
        assert desk.page.locator(".batch-table img").count() == 0
        desk.of("shown").locator("label", has_text=desk.words("batch.show_problems")).click()
        expect(desk.rows()).to_have_count(2)
        assert [row["row"] for row in desk.table("failed")] == ["2", "3"]
        assert [row["status"] for row in desk.table()] == ["done", "invalid", "failed", "done", "done"]

        # One is asked again by itself, then the other one by the button for all.
        server.script = well
        server.requests.clear()
        expect(desk.of("again")).to_have_text(desk.words("batch.again", count=2))
        failed.locator('[data-do="again"]').click()
        expect(desk.rows()).to_have_count(1)
        desk.ended()
        assert [about(exchange) for exchange in server.requests] == ["Eve, at last, met nobody."]
        desk.of("again").click()
        expect(desk.of("table")).to_contain_text(desk.words("batch.no_problems"))
        desk.ended()
        assert len(server.requests) == 2
        desk.of("shown").locator("label", has_text=desk.words("batch.show_all")).click()
        expect(desk.rows("done")).to_have_count(5)
        expect(desk.of("again")).to_be_hidden()

        # What has no answer goes to the server as a batch.
        desk.of("text").locator("textarea").fill("One more.\nOne too many.\nAnd another.")
        desk.of("add").click()
        expect(desk.rows("waiting")).to_have_count(3)
        desk.rows("waiting").nth(1).locator('[data-do="remove"]').click()
        expect(desk.rows("waiting")).to_have_count(2)
        expect(desk.of("start")).to_have_text(desk.words("batch.resume", count=2))
        desk.page.locator("#batch-remote > button").click()
        expect(desk.of("remote-line")).to_contain_text(
            desk.words("batch.remote_price", count=2, money="").split(":")[0]
        )
        lines = desk.save("save").splitlines()
        assert [json.loads(line)["body"]["model"] for line in lines] == ["scripted-1"] * 2
        desk.of("submit").click()
        # While they are there, they cannot be asked here, which would be paid for twice.
        expect(desk.of("start")).to_be_disabled()
        expect(desk.of("estimate")).to_contain_text(desk.words("batch.at_server"))
        desk.page.once("dialog", lambda dialog: dialog.accept())
        desk.of("clear").click()
        expect(toast(desk.page)).to_contain_text(desk.words("batch.at_server_first"))
        toast(desk.page).locator(".toast-close").click()
        looked.set()
        expect(desk.rows("done")).to_have_count(7)
        expect(desk.of("remote-line")).to_contain_text(desk.words("batch.remote_completed"))
        assert [row["people"] for row in desk.table()][-2:] == ['["Sent"]'] * 2
        assert b"".join(line + b"\n" for line in lines) == batches.files["file-0"]
        desk.has_no_other_words()
        desk.fits_a_phone()
        # Three answers and a repair, two that were asked again, one before the stop and what was stopped, two sent.
        tab(desk.page, "usage").click()
        expect(desk.page.locator("#ledger tbody tr")).to_have_count(1 + 4 + 4 + 2 + 2)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="there is no such signal here")
def left_two_days_ago(jobs: Path) -> Path:
    """A job that nobody has come back for."""
    jobs.mkdir(mode=0o700)
    left = jobs / f"{'0' * 64}.jsonl"
    left.write_text("{}\n", "utf-8")
    os.utime(left, times=(time.time() - 2 * 86_400,) * 2)
    return left


def is_gone(path: Path) -> bool:
    patience = time.monotonic() + PATIENCE_MS / 1000
    while path.exists() and time.monotonic() < patience:
        time.sleep(0.05)
    return not path.exists()


def test_a_batch_outlives_the_server_that_asked_it(page: Page, tmp_path: Path) -> None:
    jobs = tmp_path / "jobs"
    left = left_two_days_ago(jobs)
    (tmp_path / "house").mkdir()
    house = furnish(tmp_path / "house")
    texts = [f"Person {n}" for n in range(8)]

    async def half(exchange: Exchange) -> None:
        if about(exchange) in texts[:3]:
            await people(exchange)
        else:
            await exchange.start()
            await asyncio.Event().wait()

    desk = Desk(page)
    with ScriptedServer(half) as server:
        variables = {
            "OPENAI_BASE_URL": server.base_url,
            "GRADIO_SERVER_PORT": str(free_port()),
            "VITRINE_JOBS_DIR": str(jobs),
        }
        with started(house, **variables) as app:
            desk.open(app.address, "scripted-1")
            # No batch was begun or looked for yet: the app itself has deleted it.
            assert is_gone(left)
            desk.of("text").locator("textarea").fill("\n".join(texts))
            desk.of("add").click()
            expect(desk.rows("waiting")).to_have_count(8)
            desk.of("start").click()
            expect(desk.rows("done")).to_have_count(3)
            expect(desk.rows("running")).to_have_count(4)
            os.killpg(app.process.pid, signal.SIGKILL)
            app.process.wait()
        server.script = people
        page.goto("about:blank")
        with started(house, **variables) as app:
            desk.open(app.address, "scripted-1", batch=False)
            expect(desk.rows("done")).to_have_count(3)
            expect(desk.rows("waiting")).to_have_count(5)
            expect(desk.of("start")).to_have_text(desk.words("batch.resume", count=5))
            desk.of("start").click()
            expect(desk.rows("done")).to_have_count(8)
            desk.ended()
            assert [row["people"] for row in desk.table()] == [json.dumps([text]) for text in texts]
        asked_for = Counter(about(exchange) for exchange in server.requests)
        assert [asked_for[text] for text in texts[:3]] == [1, 1, 1]
        # Those that were under way when the server died are asked once more, those that had waited once.
        assert sorted(asked_for[text] for text in texts[3:]) == [1, 2, 2, 2, 2]
