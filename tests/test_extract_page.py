"""The tab Extract JSON in a real browser, against a scripted server. One page for all tests."""

import json
import re
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from chat_core.connections import Connection
from chat_core.extracting import find
from chat_core.settings import Clocks, Settings
from chat_ui import extractor
from chat_ui.layout import build_app
from chat_ui.texts import t
from tests import scripted_server as play
from tests.on_page import (
    PATIENCE_MS,
    fits,
    gated,
    pass_list,
    picture_file,
    sent_picture,
    shown_code,
    speaks_korean,
    switch_language,
    tab,
    text_file,
    visit,
)
from tests.scripted_server import ScriptedServer

STORY = "옛날 흥부와 놀부라는 형제가 살았습니다."


@dataclass(frozen=True)
class Stage:
    """The page, and the server that the app talks to."""

    page: Page
    server: ScriptedServer

    @property
    def bodies(self) -> list[dict[str, Any]]:
        return [exchange.body for exchange in self.server.requests]

    def of(self, element: str) -> Locator:
        return self.page.locator(f"#extract-{element}")

    @property
    def editor(self) -> Locator:
        return self.of("schema").locator(".cm-content")

    @property
    def names(self) -> Locator:
        return self.of("fields").locator('[data-field="name"]')

    def choose(self, preset: str) -> None:
        found = find(preset)
        assert found is not None
        self.of("preset").locator("input").click()
        self.page.get_by_role("option", name=re.compile(f"{re.escape(found.name.en)}|{found.name.ko}")).click()
        # Not that of another preset, nor what an earlier test has made of this one.
        expect(self.names).to_have_count(len(found.rows))
        for place, (field, _) in enumerate(found.rows):
            expect(self.names.nth(place)).to_have_value(field.name)

    def write(self, text: str) -> None:
        self.of("text").locator("textarea").fill(text)

    def paste_schema(self, text: str) -> None:
        self.editor.click()
        self.page.keyboard.press("Control+A")
        self.page.keyboard.insert_text(text)

    def extract(self) -> None:
        """Press the button, and see it end: this one, not what an earlier test has left."""
        self.server.asked.clear()
        self.forget()
        self.of("start").click()
        assert self.server.asked.wait(PATIENCE_MS / 1000)
        self.ended()

    def forget(self) -> None:
        """Mark what is said of an earlier run, so that it is not taken for the end of the next one."""
        self.of("status").locator(".extract-paid").evaluate_all("said => said.forEach((each) => (each.id = 'earlier'))")

    def ended(self) -> None:
        expect(self.of("status").locator(".extract-paid:not(#earlier)")).to_be_visible()
        expect(self.of("stop")).to_be_hidden()
        expect(self.of("start")).to_be_visible()


@pytest.fixture(scope="module")
def opened(browser: Browser, browser_thread: ThreadPoolExecutor) -> Iterator[Stage]:
    with ScriptedServer() as server:
        settings = Settings(clocks=Clocks(retry_pause=0.01))
        app = build_app(settings, Connection("custom", server.base_url, "sk-test-1234567890abcdef"))
        _, address, _ = app.page.launch(prevent_thread_lock=True, quiet=True, **app.launch_options)

        def open_tab() -> Page:
            page = browser.new_page(viewport={"width": 1440, "height": 900}, locale="en-US")
            visit(page, address)
            tab(page, "extract").click()
            expect(page.locator("#extract-model input")).to_have_value("scripted-1")
            page.locator("#extract-schema-part > button").click()
            expect(page.locator("#extract-schema .cm-content")).to_be_visible()
            return page

        page = browser_thread.submit(open_tab).result()
        try:
            yield Stage(page, server)
        finally:
            browser_thread.submit(page.close).result()
            app.page.close()


@pytest.fixture
def stage(opened: Stage, browser_thread: ThreadPoolExecutor) -> Stage:
    """The tab with the preset for people, without a source, and a server that names two."""
    opened.server.script = play.answer('{"people": ["흥부", ', '"놀부"]}')
    opened.server.requests.clear()

    def reset() -> None:
        opened.forget()
        tab(opened.page, "extract").click()
        remove = opened.of("list").locator("button")
        while remove.count():
            left = remove.count() - 1
            remove.first.click()
            expect(remove).to_have_count(left)
        opened.write("")
        # Another one first: the same choice again is no choice.
        opened.choose("table")
        opened.choose("people")
        expect(opened.of("start")).to_be_disabled()

    browser_thread.submit(reset).result()
    return opened


def test_a_preset_and_a_korean_text_give_a_tree_that_grows_and_is_checked(stage: Stage) -> None:
    gate = threading.Event()
    stage.server.script = gated(gate, '{"people": ["흥부", "놀', '부"]}')
    expect(stage.of("estimate")).to_have_text(t("en", "extract.no_source"))
    stage.write(STORY)
    # Nothing goes out before the button is pressed; what it takes stands there, the price as what it is.
    expect(stage.of("estimate")).to_contain_text(t("en", "meter.price_unknown"))
    assert stage.bodies == []
    stage.of("start").click()
    expect(stage.of("result").locator(".tree .value")).to_have_text(["흥부", "놀"])
    gate.set()
    stage.ended()
    expect(stage.of("result").locator(".tree .value")).to_have_text(["흥부", "놀부"])
    expect(stage.of("status")).to_contain_text(t("en", "extract.state_valid"))
    expect(stage.of("status").locator(".ladder strong")).to_have_text(t("en", "extract.step_json_schema"))
    expect(stage.of("marked").locator("mark")).to_have_text(["흥부", "놀부"])
    stage.of("result").locator(".value").last.click()
    expect(stage.of("marked").locator("mark.shown")).to_have_text("놀부")
    (body,) = stage.bodies
    people = find("people")
    assert people is not None
    assert people.instructions.en in body["messages"][0]["content"]
    assert body["messages"][1]["content"] == STORY
    assert body["response_format"]["json_schema"]["strict"] is True
    # The request is seen under the hood, and paid for once in the ledger.
    tab(stage.page, "inspect").click()
    expect(stage.page.locator("#inspect-body a[download]")).to_be_attached()
    assert json.loads(shown_code(stage.page, "inspect-body")) == body
    tab(stage.page, "usage").click()
    expect(stage.page.locator("#ledger tbody tr")).to_have_count(1)


def test_values_whose_words_overlap_lead_to_one_mark(stage: Stage) -> None:
    stage.server.script = play.answer('{"people": ["흥부", "흥부와 놀부", "형제"]}')
    stage.write(STORY)
    stage.extract()
    marks, values = stage.of("marked").locator("mark"), stage.of("result").locator(".value")
    expect(marks).to_have_text(["흥부와 놀부", "형제"])
    for place, words in ((2, "형제"), (0, "흥부와 놀부"), (2, "형제"), (1, "흥부와 놀부")):
        values.nth(place).click()
        expect(stage.of("marked").locator("mark.shown")).to_have_text(words)


def test_a_wrong_value_is_told_at_its_field_after_one_repair(stage: Stage) -> None:
    stage.choose("review")
    stage.server.script = play.answer('{"product": "kettle", "rating": "five"}')
    stage.write("A kettle.")
    stage.extract()
    assert len(stage.bodies) == 2
    expect(stage.of("status")).to_contain_text(t("en", "extract.repaired"))
    expect(stage.of("status")).to_contain_text(t("en", "extract.requests", count=2))
    wrong = stage.of("result").locator("li.invalid", has=stage.page.locator(".key", has_text="rating")).last
    expect(wrong.locator(".field-problem")).to_contain_text("string")
    missing = stage.of("result").locator("li.invalid", has=stage.page.locator(".key", has_text="sentiment")).last
    expect(missing).to_contain_text(t("en", "extract.field_required"))
    for view, place in (("table", ".figures"), ("json", ".raw")):
        stage.of("view").locator("label", has_text=t("en", f"extract.view_{view}")).click()
        expect(stage.of("result").locator(place)).to_contain_text("kettle")
    expect(stage.of("result").locator(".field-problem")).to_have_count(0)
    stage.of("view").locator("label", has_text=t("en", "extract.view_tree")).click()
    expect(stage.of("result").locator(".tree")).to_be_visible()


def test_what_was_typed_into_the_table_stays_when_the_list_of_presets_is_only_passed(stage: Stage) -> None:
    stage.names.first.fill("characters")
    expect(stage.editor).to_contain_text('"characters"')
    pass_list(stage.page, stage.of("preset").locator("input"))
    # What comes after it has come after it on the page, too.
    stage.of("fields").locator('[data-do="add-row"]').click()
    expect(stage.names).to_have_count(2)
    expect(stage.names.first).to_have_value("characters")
    expect(stage.editor).to_contain_text('"characters"')


def test_the_table_is_seen_in_the_editor_and_the_editor_in_the_table(stage: Stage) -> None:
    stage.names.first.fill("characters")
    expect(stage.editor).to_contain_text('"characters"')
    stage.of("fields").locator('[data-do="add-row"]').click()
    expect(stage.names).to_have_count(2)
    stage.names.last.fill("place.name")
    row = stage.of("fields").locator("[data-row]").last
    row.locator("select").select_option("integer")
    expect(stage.editor).to_contain_text('"integer"')
    # Still typed in while the server answers: the table is left alone.
    stage.names.last.press_sequentially("s")
    expect(stage.editor).to_contain_text('"names"')
    expect(stage.names.last).to_have_value("place.names")
    expect(stage.of("strict")).to_be_hidden()
    # A whole number may have only some values; a date has none to choose from.
    for kind, has_choices in (("date", False), ("integer", True)):
        row.locator("select").select_option(kind)
        expect(row.locator('[data-field="choices"]')).to_be_visible(visible=has_choices)
    row.locator('[data-switch="required"]').click()
    expect(stage.of("checks")).to_contain_text("place.names: " + t("en", "extract.rule_not_required"))
    stage.of("strict").click()
    expect(stage.of("checks")).to_contain_text(t("en", "extract.is_strict"))
    expect(stage.editor).to_contain_text('"null"')

    stage.paste_schema('{"title": "Heungbu", "pages": 12}')
    expect(stage.names).to_have_count(2)
    expect(stage.names.first).to_have_value("title")
    expect(stage.of("checks")).to_contain_text(t("en", "extract.is_example"))
    stage.paste_schema('{"type": "object", "properties": {"a": {"type": "string", "minLength": 3}}}')
    expect(stage.of("fields")).to_contain_text(t("en", "extract.locked"))
    expect(stage.of("checks")).to_contain_text(t("en", "extract.rule_unsupported_keyword", keyword="minLength"))
    stage.paste_schema('{"type": "object", ')
    expect(stage.of("checks")).to_contain_text(t("en", "json.problem.cut"))
    stage.write(STORY)
    expect(stage.of("estimate")).to_have_text(t("en", "extract.no_wanted"))
    expect(stage.of("start")).to_be_disabled()


def test_names_and_types_of_the_presets_are_seen_whole(stage: Stage) -> None:
    for preset in ("invoice", "minutes", "people"):
        stage.choose(preset)
        cut = "cells => cells.filter(cell => cell.scrollWidth > cell.clientWidth).map(cell => cell.value)"
        assert stage.of("fields").locator("input, select").evaluate_all(cut) == []
        hint = stage.of("fields").locator('[data-field="choices"]').first
        assert not hint.evaluate(
            """cell => {
                cell.value = cell.placeholder;
                const over = cell.scrollWidth > cell.clientWidth;
                cell.value = "";
                return over;
            }"""
        )


def test_a_field_typed_just_before_the_button_is_pressed_is_asked_for(stage: Stage) -> None:
    stage.write(STORY)
    expect(stage.of("start")).to_be_enabled()
    stage.names.first.fill("brothers")
    stage.extract()
    expect(stage.of("result").locator(".key", has_text="brothers")).to_be_visible()
    (schema,) = {json.dumps(body["response_format"]["json_schema"]["schema"]["properties"]) for body in stage.bodies}
    assert list(json.loads(schema)) == ["brothers"]


def test_a_table_that_makes_no_schema_says_why(stage: Stage) -> None:
    stage.names.first.fill("a..b")
    expect(stage.of("checks")).to_contain_text("a..b")
    stage.of("fields").locator('[data-do="remove-row"]').click()
    expect(stage.of("checks")).to_contain_text(t("en", "extract.table_no_fields"))
    expect(stage.names).to_have_count(0)


def test_files_pictures_and_links_go_along(stage: Stage) -> None:
    files = [picture_file("card.png", color="red"), text_file("note.txt", "Anna met Tom.")]
    stage.of("files").locator('input[type="file"]').set_input_files(files)
    expect(stage.of("list").locator('[data-status="ready"]')).to_have_count(2)
    stage.of("urls").locator("textarea").fill("http://127.0.0.1/cat.png")
    stage.of("add").click()
    expect(stage.of("list").locator('[data-status="failed"]')).to_contain_text(t("en", "error.bad_url.private_address"))
    stage.extract()
    picture, note = stage.bodies[0]["messages"][1]["content"]
    assert sent_picture(picture)[1].getpixel((0, 0)) == (255, 0, 0)
    assert "Anna met Tom." in note["text"]
    stage.page.locator("#extract-code-part > button").click()
    expect(stage.of("code").locator(".cm-content")).to_contain_text("import base64")
    code = shown_code(stage.page, "extract-code")
    assert "data_url('card.png')" in code
    assert "class Extracted(BaseModel):\n    people: list[str]" in code
    stage.page.locator("#extract-code-part > button").click()
    expect(stage.of("code")).to_be_hidden()


def test_the_data_is_downloaded_and_copied(stage: Stage) -> None:
    stage.write(STORY)
    stage.extract()
    with stage.page.expect_download() as download:
        stage.of("save").click()
    assert json.loads(Path(download.value.path()).read_text("utf-8")) == {"people": ["흥부", "놀부"]}
    assert download.value.suggested_filename == "extracted.json"
    stage.page.evaluate("() => { window.vitrine.copy = (text) => { window.copiedText = text; }; }")
    stage.of("copy").click()
    stage.page.wait_for_function("() => window.copiedText")
    assert json.loads(stage.page.evaluate("() => window.copiedText")) == {"people": ["흥부", "놀부"]}


def test_a_script_that_is_too_long_for_the_page_is_downloaded_whole(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(extractor, "LONGEST_CODE", 200)
    stage.write(STORY)
    stage.page.locator("#extract-code-part > button").click()
    expect(stage.of("code").locator(".cm-content")).to_contain_text(t("en", "extract.code_cut"))
    with stage.page.expect_download() as download:
        stage.of("save-code").click()
    script = Path(download.value.path()).read_text("utf-8")
    compile(script, "extract_json.py", "exec")
    assert STORY in script
    stage.page.locator("#extract-code-part > button").click()
    expect(stage.of("code")).to_be_hidden()


def test_servers_without_a_schema_are_asked_in_their_way_and_failures_are_sentences(stage: Stage) -> None:
    refused = play.error(400, "response_format json_schema is not supported", param="response_format")
    stage.server.script = play.in_turn(refused, play.answer('{"people": []}'))
    stage.write(STORY)
    stage.extract()
    expect(stage.of("status").locator(".ladder strong")).to_have_text(t("en", "extract.step_json_object"))
    expect(stage.of("status").locator(".ladder s")).to_have_text(t("en", "extract.step_json_schema"))
    stage.server.script = play.error(401, "Wrong key.", "invalid_api_key")
    stage.of("start").click()
    expect(stage.of("status")).to_contain_text(t("en", "error.key_refused.title"))
    expect(stage.of("start")).to_be_enabled()
    stage.server.script = play.answer('{"people": ["흥', finish="length")
    stage.extract()
    expect(stage.of("status")).to_contain_text(t("en", "extract.cut"))
    expect(stage.of("result").locator(".raw")).to_have_text('{"people": ["흥')
    # There is no data that could be shown in another way.
    expect(stage.of("view")).to_be_hidden()


def test_half_an_emoji_in_the_source_is_no_fault(stage: Stage) -> None:
    stage.server.script = play.answer('{"people": ["놀부"]}')
    stage.of("text").locator("textarea").evaluate(
        """(text) => {
            text.value = "흥부 \\ud83d 놀부";
            text.dispatchEvent(new Event("input", { bubbles: true }));
        }"""
    )
    stage.of("start").click()
    expect(stage.of("marked").locator("mark")).to_have_text(["놀부"])
    stage.ended()


def test_stop_closes_the_stream_and_keeps_what_came(stage: Stage) -> None:
    stage.server.script = play.hold_after('{"people": ["흥부"')
    stage.write(STORY)
    stage.of("start").click()
    expect(stage.of("result").locator(".value")).to_have_text("흥부")
    stage.of("stop").click()
    assert stage.server.requests[-1].closed.wait(PATIENCE_MS / 1000)
    expect(stage.of("status")).to_contain_text(t("en", "extract.stopped"))
    expect(stage.of("result").locator(".value")).to_have_text("흥부")
    expect(stage.of("start")).to_be_enabled()


def test_korean_has_its_own_words_and_a_phone_one_column(stage: Stage) -> None:
    stage.of("example").click()
    people = find("people")
    assert people is not None
    text = stage.of("text").locator("textarea")
    expect(text).to_have_value(people.example.en)
    stage.extract()
    switch_language(stage.page, "ko")
    expect(text).to_have_value(people.example.ko)
    expect(stage.editor).to_contain_text(people.rows[0][1].ko)
    expect(stage.of("status")).to_contain_text(t("ko", "extract.state_valid"))
    expect(stage.of("fields").locator('[data-field="description"]')).to_have_value(people.rows[0][1].ko)
    speaks_korean(stage.page)
    stage.page.set_viewport_size({"width": 390, "height": 844})
    stage.page.wait_for_function(
        """() => {
            const parts = ["sources", "wanted", "answer"].map((name) => document.getElementById(`extract-${name}`));
            const places = parts.map((part) => part.getBoundingClientRect());
            return places.every((place) => place.left === places[0].left && place.width > 300);
        }"""
    )
    fits(stage.page)
    stage.page.set_viewport_size({"width": 1440, "height": 900})
    switch_language(stage.page, "en")
    expect(text).to_have_value(people.example.en)


def test_answers_of_a_batch_are_not_deleted_by_one_slip(opened: Stage) -> None:
    stage, asked = opened, []
    stage.server.script = play.answer('{"people": ["Anna"]}')
    stage.page.locator("#extract-mode label").nth(1).click()
    try:
        stage.page.locator("#batch-text textarea").fill("Anna\nTom")
        stage.page.locator("#batch-add").click()
        stage.page.locator("#batch-start").click()
        expect(stage.page.locator("#batch-csv")).to_be_visible()
        expect(stage.page.locator("#batch-clear")).to_be_visible()
        stage.page.once("dialog", lambda dialog: (asked.append(dialog.message), dialog.dismiss()))
        stage.page.locator("#batch-clear").click()
        expect(stage.page.locator("#batch-table tbody tr")).to_have_count(2)
        stage.page.once("dialog", lambda dialog: (asked.append(dialog.message), dialog.accept()))
        stage.page.locator("#batch-clear").click()
        expect(stage.page.locator("#batch-table tbody tr")).to_have_count(0)
        assert asked == [t("en", "literal.delete_rows_and_answers")] * 2
    finally:
        stage.page.locator("#extract-mode label").nth(0).click()
