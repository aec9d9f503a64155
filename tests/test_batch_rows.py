"""How the rows of a batch look in the table and in files: all that came is there, and nothing of it acts."""

import asyncio
import csv
import io
import json
import re
from collections.abc import Iterator
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, get_args

import pytest

from chat_core.connections import Connection
from chat_core.discovery import describe_model
from chat_core.events import Usage
from chat_core.file_names import safe_name
from chat_core.job_store import JobStore
from chat_core.job_store import Row as KeptRow
from chat_core.row_sources import read_table
from chat_ui import batch_run, batch_view, row_exports, wanted
from chat_ui.batch_job import ROWS_SHOWN, Batch
from chat_ui.exports import cell
from chat_ui.extract_job import Source
from chat_ui.page_events import sent_text
from chat_ui.texts import LANGUAGES, Language, t
from tests import scripted_server as play
from tests.batch_stage import KEY, MODEL, PRICE, REFERENCE, WANTED, WON, Stage, about, asked, echo, rows_of, texts
from tests.scripted_server import Exchange, ScriptedServer

pytestmark = pytest.mark.usefixtures("closed_pools")

HOSTILE = (
    '=HYPERLINK("http://evil")\r\n<b>\'한글\' & "quotes", \u202etxt.exe\u2028</b> --><script>alert(1)</script>\x00'
)
FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "  =1+1", "＝1", "\r=1", "\n=1", HOSTILE]
FORMULA = re.compile(r"\s*[=+\-@＝＋－＠]|[\t\r\n]")


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with ScriptedServer(echo) as server:
        yield Stage(server, JobStore(tmp_path / "jobs"))


def schema(*names: str) -> wanted.Wanted:
    """These fields, which a table could not hold: any name will do."""
    properties = {name: {} for name in names}
    return wanted.of_text(json.dumps({"type": "object", "properties": properties, "required": list(names)}))


async def answered(stage: Stage, value: Any, now: wanted.Wanted = WANTED, *, batch: Batch | None = None) -> Batch:
    """A batch whose rows are all answered with this."""
    stage.server.script = play.answer(json.dumps(value))
    batch = batch or texts("Anna")
    await stage.ask(batch, asked(wanted=now))
    return batch


async def exported(stage: Stage, batch: Batch, form: row_exports.Format, language: Language = "en") -> bytes:
    """The file, as the page gives it to be downloaded."""
    visit = stage.visit()
    visit.batch = batch
    update = await stage.batcher.export(form, visit, language)
    path = Path(update["value"]["path"] if isinstance(update["value"], dict) else update["value"])
    assert path.suffix == f".{row_exports.ending(form)}"
    return await asyncio.to_thread(path.read_bytes)


async def table_of(stage: Stage, batch: Batch, form: row_exports.Format = "csv") -> list[dict[str, str]]:
    data = await exported(stage, batch, form)
    assert data.startswith(b"\xef\xbb\xbf")
    heads, *rows = csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""))
    assert len(set(heads)) == len(heads)
    assert all(len(row) == len(heads) for row in rows)
    assert not [cell for row in (heads, *rows) for cell in row if FORMULA.match(cell)]
    return [dict(zip(heads, row, strict=True)) for row in rows]


async def lines_of(stage: Stage, batch: Batch) -> list[dict[str, Any]]:
    data = await exported(stage, batch, "jsonl")
    assert data.endswith(b"\n")
    return [json.loads(line) for line in data.decode().removesuffix("\n").split("\n")]


@pytest.fixture(autouse=True)
def _uploads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "uploads"))


# --- files ------------------------------------------------------------------------------------------------------------


async def mixed(stage: Stage) -> Batch:
    """A valid row, one that is not valid, one that failed, one that was not asked, and an unread one."""

    async def script(exchange: Exchange) -> None:
        scripts = {"Tom": play.error(400, "No <way>.", "invalid_value")}
        wrong = about(exchange).startswith("Eve")
        await scripts.get(about(exchange), play.answer('{"name": 5, "age": "x"}') if wrong else echo)(exchange)

    stage.server.script = script
    batch = texts("안나", "Eve", "Tom")
    await stage.ask(batch)
    texts("not yet", batch=batch)
    batch.add(Source("", "한글 이름.png", "", status="reading"))
    return batch


async def test_a_csv_file_has_a_line_for_each_row_whatever_became_of_it(stage: Stage) -> None:
    batch = await mixed(stage)
    rows = await table_of(stage, batch)
    assert list(rows[0]) == [*row_exports.BEFORE, "name", "age", *row_exports.AFTER]
    assert [(row["row"], row["source"], row["text"], row["status"]) for row in rows] == [
        ("1", "pasted 1", "안나", "done"),
        ("2", "pasted 2", "Eve", "invalid"),
        ("3", "pasted 3", "Tom", "failed"),
        ("4", "pasted 1", "not yet", "waiting"),
        ("5", "한글 이름.png", "", "reading"),
    ]
    first, wrong, failed, waiting, _ = rows
    assert (first["name"], first["age"], first["problems"]) == ("안나", "", "")
    assert (first["step"], first["model"], first["estimated"]) == ("json_schema", MODEL, "False")
    assert (first["input_tokens"], first["output_tokens"], first["cost_usd"]) == ("12", "3", f"{PRICE:f}")
    # An answer and its repair.
    assert (wrong["name"], wrong["age"], wrong["input_tokens"], wrong["cost_usd"]) == ("5", "x", "24", f"{2 * PRICE:f}")
    assert "name" in wrong["problems"]
    assert "No <way>." in failed["problems"]
    assert (failed["name"], Decimal(failed["cost_usd"]), waiting["problems"]) == ("", 0, "")


async def test_a_jsonl_file_holds_everything_as_it_is(stage: Stage) -> None:
    batch = await mixed(stage)
    lines = await lines_of(stage, batch)
    assert [line["data"] for line in lines] == [{"name": "안나"}, {"name": 5, "age": "x"}, None, None, None]
    assert [line["status"] for line in lines] == ["done", "invalid", "failed", "waiting", "reading"]
    assert [json.loads(line["raw"]) for line in lines if "raw" in line] == [{"name": 5, "age": "x"}]
    assert {len(line["problems"]) for line in lines[:1] + lines[3:]} == {0}
    assert len(lines[1]["problems"]) == 2
    assert (lines[0]["cost_usd"], lines[0]["estimated"], lines[0]["row"]) == (f"{PRICE:f}", False, 1)


async def test_the_faulty_rows_are_a_file_to_begin_anew_from(stage: Stage) -> None:
    batch = await mixed(stage)
    rows = await table_of(stage, batch, "failed")
    assert [(row["row"], row["text"], row["status"]) for row in rows] == [
        ("2", "Eve", "invalid"),
        ("3", "Tom", "failed"),
    ]
    assert all(row["problems"] for row in rows)
    table = read_table(await exported(stage, batch, "failed"), "failed.csv")
    assert [cell.text for cell in table.column("text")] == ["Eve", "Tom"]


async def test_an_unknown_price_is_a_word_in_files_and_never_nothing(stage: Stage) -> None:
    batch = texts("Anna")
    await stage.ask(batch, asked(model="home-made"))
    (row,) = await table_of(stage, batch)
    assert (row["cost_usd"], row["input_tokens"]) == ("unknown", "12")
    html = batch_view.table_html(batch, batch.page_rows(), {}, "en", WON)
    assert t("en", "footnote.unknown_price") in html


@pytest.mark.parametrize("text", FORMULAS)
async def test_no_cell_is_a_formula_and_jsonl_changes_nothing(stage: Stage, text: str) -> None:
    batch = texts(text.strip() or "x", name=text)
    await answered(stage, {"name": text, "age": None}, batch=batch)
    (row,) = await table_of(stage, batch)
    assert row["name"] == f"'{text}"
    # Names are safe to show, and no formula either.
    assert row["source"] == str(cell(f"{safe_name(text, 'text')} 1"))
    (line,) = await lines_of(stage, batch)
    assert line["data"]["name"] == text


async def test_fields_called_like_columns_are_told_apart(stage: Stage) -> None:
    names = ["row", "status", "cost_usd", "data.row", "data", "=1", "a,b", "여러\n줄"]
    batch = await answered(stage, dict.fromkeys(names, "x"), schema(*names))
    (row,) = await table_of(stage, batch)
    assert len(row) == len(row_exports.BEFORE + row_exports.AFTER) + len(names)
    assert [name for name, value in row.items() if value == "x"] == [
        "data.row", "data.status", "data.cost_usd", "data.data.row", "data", "'=1", "a,b", "여러\n줄",
    ]  # fmt: skip
    assert (row["row"], row["status"]) == ("1", "done")


@pytest.mark.parametrize("value", [["a", "b"], {"x": {"y": 1}}, "text", 5, None, True, []], ids=str)
async def test_data_without_fields_stands_in_one_column(stage: Stage, value: Any) -> None:
    batch = await answered(stage, value, wanted.of_text('{"anyOf": [{}]}'))
    (row,) = await table_of(stage, batch)
    told = value if isinstance(value, str) else "" if value is None else json.dumps(value)
    assert row["data"] == told
    (line,) = await lines_of(stage, batch)
    assert line["data"] == value
    html = await drawn(stage, batch)
    assert t("en", "batch.column_data") in html
    Whole(html)


async def test_values_in_a_csv_file_are_texts_or_json(stage: Stage) -> None:
    value = {"a": None, "b": True, "c": 1.5, "d": ["한", 1], "e": {"f": '"'}, "g": ""}
    batch = await answered(stage, value, schema(*value))
    (row,) = await table_of(stage, batch)
    assert [row[name] for name in value] == ["", "true", "1.5", '["한", 1]', '{"f": "\\""}', ""]


async def test_half_letters_do_not_stop_a_file(stage: Stage) -> None:
    batch = texts("Anna \ud83d")
    stage.server.script = play.answer('{"name": "half \\ud83d", "age": null}')
    await stage.ask(batch)
    for form in get_args(row_exports.Format):
        assert await exported(stage, batch, form)
    # What is kept outlives a restart, letters and all.
    found = await stage.restarted().found(batch.job.id)
    assert [row.text for row in found.rows.values()] == ["Anna \ud83d"]


async def test_more_rows_than_are_read_at_once_are_all_in_the_file(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chat_ui.batcher.TOGETHER", 3)
    batch = rows_of(8)
    await stage.ask(batch)
    rows = await table_of(stage, batch)
    assert [(row["row"], row["name"]) for row in rows] == [(str(n + 1), f"row {n}") for n in range(8)]


# --- the table --------------------------------------------------------------------------------------------------------

VOID = {"img", "br"}
HARMLESS = {
    "div", "table", "thead", "tbody", "tr", "th", "td", "span", "ul", "li", "button", "details", "summary", "pre", "p",
    "img", "br", "strong", "code",
}  # fmt: skip


class Whole(HTMLParser):
    """A piece of HTML whose elements are closed in their order, and none of which acts. ``cells``: of its table."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.cells: list[list[str]] = []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in HARMLESS, tag
        assert not [name for name, _ in attrs if name.startswith("on")], attrs
        assert re.fullmatch(r"(width: \d+%)?", dict(attrs).get("style") or ""), attrs
        assert len(dict(attrs)) == len(attrs)
        self.found.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)
        if tag == "tr":
            self.cells.append([])
        if tag in ("td", "th"):
            self.cells[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.cells:
            self.cells[-1][-1] += data

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data}")

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.found if name == tag]


async def drawn(stage: Stage, batch: Batch, language: Language = "en") -> str:
    """The table of the page that is looked at."""
    rows = batch.page_rows()
    return batch_view.table_html(batch, rows, await batch_run.results(batch, rows), language, WON)


@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_table_shows_each_row_with_its_state_and_why(stage: Stage, language: Language) -> None:
    batch = await mixed(stage)
    whole = Whole(await drawn(stage, batch, language))
    heads, *rows = whole.cells
    told = [t(language, f"batch.column_{name}") for name in ("row", "state", "paid")]
    assert heads == [*told[:2], "name", "age", told[2]]
    assert [row[0] for row in rows] == [
        "×pasted 1안나",
        "×pasted 2Eve",
        "×pasted 3Tom",
        "×pasted 1not yet",
        "한글 이름.png",
    ]
    states = ["done", "invalid", "failed", "waiting", "reading"]
    assert [attributes["data-status"] for attributes in whole.of("tr")[1:]] == states
    assert [t(language, f"batch.status_{state}") in row[1] for state, row in zip(states, rows, strict=True)] == [
        True
    ] * 5
    assert "No <way>." in rows[2][1]
    # Both fields of the second row are marked, and no other cell.
    assert [attributes.get("class") for attributes in whole.of("td")].count("invalid") == 2
    # All rows but one that is being read can be taken away; faulty ones can be asked again.
    buttons = [attributes["data-do"] for attributes in whole.of("button")]
    assert buttons == ["remove", "remove", "again", "remove", "again", "remove"]
    assert t(language, "footnote.usage", input="24", output="6") in rows[1][4]
    batch.begin()
    assert Whole(await drawn(stage, batch, language)).of("button") == []


@pytest.mark.parametrize("language", LANGUAGES)
async def test_hostile_names_and_values_are_text(stage: Stage, language: Language) -> None:
    batch = texts(HOSTILE, name=HOSTILE)
    now = schema(HOSTILE, "<img src=x onerror=alert(1)>", "plain")
    value = {HOSTILE: HOSTILE, "<img src=x onerror=alert(1)>": [HOSTILE, 1], "plain": {HOSTILE: [HOSTILE]}}
    await answered(stage, value, now, batch=batch)
    picture = batch.add(Source("", "a.png", "", status="ready", small='/tmp/"><script>.png', width=1, height=1))
    assert picture is not None
    stage.server.script = play.error(400, HOSTILE, "invalid_value")
    texts("fails", batch=batch)
    await stage.ask(batch, asked(wanted=now), choose=lambda batch: [list(batch.rows.values())[2]])
    html = await drawn(stage, batch, language)
    whole = Whole(html)
    assert "<script" not in html
    assert len(whole.of("img")) == 1
    assert len(whole.cells) == 4
    assert [head for head in whole.cells[0] if "onerror" in head]
    # The name of the model comes from a form.
    counted = batch.forecast([], asked(), stage.connection, REFERENCE)
    Whole(
        batch_view.estimate_html(
            counted, HOSTILE, stage.connection, describe_model(stage.connection, HOSTILE), True, language, HOSTILE, WON
        )
    )
    Whole(batch_view.progress_html(batch, stage.connection, language, HOSTILE, WON))


@pytest.mark.parametrize("name", ["a/b", "m~n", "~1", "plain", "한 글"])
async def test_the_cell_of_a_wrong_value_is_marked_whatever_its_field_is_called(stage: Stage, name: str) -> None:
    properties = {"right": {}, name: {"type": "integer"}}
    now = wanted.of_text(json.dumps({"type": "object", "properties": properties}))
    batch = await answered(stage, {"right": 1, name: "x"}, now)
    marks = [attributes.get("class") for attributes in Whole(await drawn(stage, batch)).of("td")]
    assert marks == ["batch-state", None, "invalid", "number"]


async def test_what_came_is_shown_where_it_is_no_data_and_long_things_are_cut(stage: Stage) -> None:
    batch = texts("word " * 1000)
    stage.server.script = play.answer("Sorry, I <cannot>. " + "x" * 9000)
    await stage.ask(batch)
    html = await drawn(stage, batch)
    Whole(html)
    assert t("en", "batch.raw") in html
    assert "Sorry, I &lt;cannot&gt;." in html
    assert len(html) < 8000
    assert len((await lines_of(stage, batch))[0]["text"]) == 5000
    value = {"name": "y" * 5000, "age": None}
    html = await drawn(stage, await answered(stage, value, batch=texts("z")))
    assert html.count("y") < 5000
    assert f">{'y' * (batch_view.LONGEST_VALUE - 1)}…<" in html


async def test_many_fields_are_not_all_columns_of_the_page_but_of_the_file(stage: Stage) -> None:
    names = [f"field_{n}" for n in range(40)]
    batch = await answered(stage, dict.fromkeys(names, 1), schema(*names))
    heads, row = Whole(await drawn(stage, batch)).cells
    assert len(heads) == len(row) == batch_view.MOST_COLUMNS + 3
    assert len((await table_of(stage, batch))[0]) > 40


async def test_the_table_has_pages_and_can_show_the_faulty_rows_alone(stage: Stage) -> None:
    count = 2 * ROWS_SHOWN + 1

    async def script(exchange: Exchange) -> None:
        number = int(about(exchange).removeprefix("row ").removesuffix(", repair"))
        await (play.answer("{}") if number % 2 else echo)(exchange)

    stage.server.script = script
    batch = rows_of(count)
    await stage.ask(batch)

    async def page(at: int) -> Whole:
        batch.page = at
        return Whole(await drawn(stage, batch))

    first, second, last, beyond = [await page(at) for at in (0, 1, 2, 99)]
    assert [len(each.cells) - 1 for each in (first, second, last, beyond)] == [ROWS_SHOWN, ROWS_SHOWN, 1, 1]
    assert second.cells[1][0] == f"×pasted {ROWS_SHOWN + 1}row {ROWS_SHOWN}"

    def turns(shown: Whole) -> list[tuple[str | None, bool]]:
        pages = [each for each in shown.of("button") if each["data-do"] == "page"]
        return [(each["data-page"], "disabled" in each) for each in pages]

    assert turns(first) == [("-1", True), ("1", False)]
    assert turns(second) == [("0", False), ("2", False)]
    assert turns(beyond) == turns(last) == [("1", False), ("3", True)]
    batch.shown = "problems"
    assert len(batch.listed()) == ROWS_SHOWN
    html = await drawn(stage, batch)
    assert html.count('data-status="invalid"') == ROWS_SHOWN
    assert 'data-status="done"' not in html
    stage.server.script = echo
    await stage.again(batch)
    html = await drawn(stage, batch)
    Whole(html)
    assert t("en", "batch.no_problems") in html


class Sent:
    """What the page's script sends along."""

    def __init__(self, **data: Any) -> None:
        self.__dict__.update(data)


@pytest.mark.parametrize("wish", ["1", "-1", "x", "", None, 5, "9" * 50, "²", [1]])
async def test_a_page_that_is_asked_for_may_be_anything(stage: Stage, wish: Any) -> None:
    visit = stage.visit()
    visit.batch = rows_of(ROWS_SHOWN + 1)
    html = await stage.batcher.turn_page(Sent(page=wish), visit)
    assert sent_text(Sent(page=wish), "page") == ("" if wish is None else str(wish))
    assert len(Whole(html).cells) - 1 == (1 if str(wish) in ("1", "5") else ROWS_SHOWN)


async def test_an_answer_that_is_gone_from_the_disk_leaves_its_row(stage: Stage) -> None:
    batch = rows_of(2)
    await stage.ask(batch)
    await stage.store.delete(batch.job.id)
    whole = Whole(await drawn(stage, batch))
    assert [row[0] for row in whole.cells[1:]] == ["×pasted 1row 0", "×pasted 2row 1"]
    rows = await table_of(stage, batch)
    assert [row["name"] for row in rows] == ["", ""]


def test_before_anything_is_asked_there_is_a_line_and_no_table() -> None:
    nowhere = Connection("custom", "http://127.0.0.1:1/v1", KEY)
    batch = Batch()
    assert t("en", "batch.empty") in batch_view.table_html(batch, [], {}, "en", WON)
    assert batch_view.progress_html(batch, nowhere, "en", REFERENCE, WON) == ""
    texts("Anna", batch=batch)
    Whole(batch_view.table_html(batch, batch.page_rows(), {}, "en", WON))
    assert batch_view.progress_html(batch, nowhere, "en", REFERENCE, WON) == ""


async def test_what_is_to_come_is_told_while_it_runs_and_never_as_nothing(stage: Stage) -> None:
    for model, unknown in ((MODEL, False), ("home-made", True)):
        batch = rows_of(6)
        lines = [
            batch_view.progress_html(batch, stage.connection, "en", REFERENCE, WON)
            async for _ in stage.steps(batch, asked(model=model))
        ]
        to_come = t("en", "describe.to_come", money="")
        running = [line for line in lines if to_come in line and 'aria-valuenow="100"' not in line]
        assert running
        assert all((t("en", "usage.unknown") in line) is unknown for line in running)
        assert not [line for line in running if unknown and "$0" in line]


async def test_answers_in_a_job_are_read_for_the_rows_that_ask_for_them_only(stage: Stage) -> None:
    batch = rows_of(1)
    await stage.ask(batch)
    assert batch.job is not None
    async with await stage.store.resume(batch.job.id) as job:
        assert await job.put(KeptRow("no row's key", {"data": 1}, Usage(0, 0), None)) is None
    found = await stage.found(batch.job.id)
    assert len(found.outcomes) == 1
    assert len(await stage.data(found)) == 1
