"""An extraction as the page keeps it: what it takes, what came of it and what it cost, with every end it can have."""

import asyncio
import json
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from chat_core.connections import Connection, demo
from chat_core.errors import ChatError
from chat_core.extracting import load_presets
from chat_core.field_table import Field
from chat_core.ledger import Ledger
from chat_core.settings import Clocks
from chat_ui import extract_run, extract_view, wanted
from chat_ui.extract_job import MOST_SOURCES, Asked, Extracting, forecast
from chat_ui.texts import LANGUAGES, Language, t
from chat_ui.turn import Turn
from tests import scripted_server as play
from tests.scripted_server import Script, ScriptedServer

CALM = Clocks(retry_pause=0.01)
PEOPLE = wanted.of_fields([Field("people", is_list=True), Field("age", "integer", required=False)])
WON = Decimal(1400)


@pytest.fixture
async def server() -> AsyncIterator[ScriptedServer]:
    with ScriptedServer() as running:
        yield running


def connection(server: ScriptedServer) -> Connection:
    return Connection("custom", server.base_url, "sk-test-1234567890abcdef")


def asked(text: str = "Anna met Tom.", now: wanted.Wanted = PEOPLE, model: str = "gpt-4o-mini") -> Asked:
    return Asked(text, "Extract the people.", model, now)


async def run(
    job: Extracting, where: Connection, what: Asked | None = None, *, stop_at: str = ""
) -> tuple[Ledger, list[Turn]]:
    """Extract to the end, or press Stop when this text has come."""
    ledger, kept = Ledger(), []
    async for _ in extract_run.ask(job, what or asked(), where, ledger, CALM, kept.append):
        if stop_at and job.run is not None and stop_at in job.run.text and job.stop is not None:
            job.stop.set()
    assert not job.running
    return ledger, kept


async def test_an_extraction_has_one_entry_and_each_request_is_kept(server: ScriptedServer) -> None:
    server.script = play.in_turn(play.answer('{"people": "Anna"}'), play.answer('{"people": ["Anna"]}'))
    job = Extracting()
    ledger, kept = await run(job, connection(server))
    assert job.run is not None
    assert job.run.extraction is not None
    assert job.run.extraction.data == {"people": ["Anna"]}
    (entry,) = ledger.entries
    # Twice 12 input tokens at $0.15 and 3 output tokens at $0.60 a million.
    assert (entry.usage.input_tokens, entry.cost, entry.outcome) == (24, Decimal("0.0000072"), "stop")
    assert [turn.outcome for turn in kept] == ["stop", "stop"]
    assert [turn.started[-1].body for turn in kept] == [exchange.body for exchange in server.requests]


async def test_a_stopped_extraction_is_closed_and_its_cost_estimated(server: ScriptedServer) -> None:
    server.script = play.hold_after('{"people": ["An')
    job = Extracting()
    ledger, kept = await run(job, connection(server), stop_at='["An')
    assert await asyncio.to_thread(server.requests[0].closed.wait, 30)
    (entry,) = ledger.entries
    assert entry.outcome == "stopped"
    assert entry.usage.estimated
    assert entry.usage.output_tokens > 3
    assert entry.cost
    assert [turn.outcome for turn in kept] == ["stopped"]
    assert job.run is not None
    assert t("en", "extract.stopped") in extract_view.status_html(job.run, "en", "gpt-5.4-mini", WON)
    assert "An" in extract_view.result_html(job.run, "tree", "en")


async def test_closing_the_page_closes_the_request(server: ScriptedServer) -> None:
    server.script = play.hold_after('{"people": ["An')
    job, ledger = Extracting(), Ledger()
    steps = extract_run.ask(job, asked(), connection(server), ledger, CALM, lambda _: None)
    async for _ in steps:
        if job.run is not None and job.run.text:
            break
    await steps.aclose()
    assert await asyncio.to_thread(server.requests[0].closed.wait, 30)
    assert [entry.outcome for entry in ledger.entries] == ["stopped"]
    assert not job.running


async def test_closing_the_page_before_the_request_is_made_leaves_nothing_running(server: ScriptedServer) -> None:
    job, ledger = Extracting(), Ledger()
    steps = extract_run.ask(job, asked(), connection(server), ledger, CALM, lambda _: None)
    first = asyncio.create_task(anext(steps))
    await asyncio.sleep(0)
    assert job.running
    first.cancel()
    await asyncio.wait([first])
    assert not job.running
    assert ledger.entries == []


@pytest.mark.parametrize(
    ("script", "requests", "words"),
    [
        (play.answer('```json\n{"people": ["A"]}\n```'), 1, "extract.way_fenced"),
        (play.answer('Here it is: {"people": ["A"]} Bye.'), 1, "extract.way_embedded"),
        (play.answer('{"people": ["A"],}'), 2, "json.problem.not_json"),
        (play.answer('{"people": ["A"', finish="length"), 1, "extract.cut"),
        (play.answer(*([" " * 100] * 40)), 1, None),
        (play.answer('{"people": ' + "[" * 100_000), 2, "json.problem.too_deep"),
        (play.answer('{"people": [], "age": NaN}'), 2, "json.problem.not_finite"),
        (play.answer("[1, 2]"), 2, "extract.field_type"),
        (play.answer(""), 1, None),
        (play.answer('{"people": ["<img src=x onerror=alert(1)>"]}'), 1, "extract.state_valid"),
        (play.answer('{"people": ["A"]}', finish="content_filter"), 1, "extract.state_valid"),
        (play.answer("", finish="content_filter"), 1, "note.content_filter.title"),
        (play.error(401, "Wrong key.", "invalid_api_key"), 1, "error.key_refused.title"),
        (play.cut_after('{"people": ["A'), 1, "error.stream_cut.title"),
    ],
    ids=[
        *("fence", "prose", "trailing comma", "length", "blanks", "nested", "NaN", "array", "empty", "HTML"),
        *("filtered, whole", "filtered", "key", "cut"),
    ],
)
@pytest.mark.parametrize("language", LANGUAGES)
async def test_every_end_is_data_or_a_sentence(
    server: ScriptedServer, script: Script, requests: int, words: str | None, language: Language
) -> None:
    server.script = script
    job = Extracting()
    await run(job, connection(server))
    assert len(server.requests) == requests
    assert job.run is not None
    assert not job.run.broken
    status = extract_view.status_html(job.run, language, "gpt-5.4-mini", WON)
    if words:
        # The words before the first value that is filled in.
        assert t(language, words).split("{")[0].strip("., ") in status.replace("&#x27;", "'")
    for view in ("tree", "table", "json"):
        shown = extract_view.result_html(job.run, view, language)
        assert "<img" not in shown
    assert "<img" not in extract_view.marked_html(job.run, language)


async def test_a_ladder_is_shown_with_what_was_refused(server: ScriptedServer) -> None:
    refused = play.error(400, "json_schema is <b>not</b> supported", param="response_format")
    server.script = play.in_turn(refused, play.answer('{"people": []}'))
    job = Extracting()
    _, kept = await run(job, connection(server))
    assert job.run is not None
    status = extract_view.status_html(job.run, "en", "gpt-5.4-mini", WON)
    assert f"<strong>{t('en', 'extract.step_json_object')}</strong>" in status
    assert "&lt;b&gt;" in status
    assert [turn.outcome for turn in kept] == ["parameter_refused", "stop"]


async def test_sources_are_read_and_go_along_in_their_order(server: ScriptedServer, tmp_path: Path) -> None:
    server.script = play.answer('{"people": ["Anna"]}')
    # Two pictures of one name and size, which only their pixels tell apart.
    for place, colour in enumerate(("red", "navy")):
        (tmp_path / str(place)).mkdir()
        Image.new("RGB", (8, 8), colour).save(tmp_path / str(place) / "a.png")
    (tmp_path / "note.txt").write_text("Anna is here.", "utf-8")
    (tmp_path / "bad.png").write_bytes(b"PK")
    job = Extracting()
    paths = ["0/a.png", "note.txt", "1/a.png", "bad.png"]
    added = [job.add(Path(path).name, str(tmp_path / path)) for path in paths]
    async for _ in extract_run.read_in([source for source in added if source]):
        pass
    assert [source.status for source in job.sources.values()] == ["ready", "ready", "ready", "failed"]
    await run(job, connection(server))
    content = server.requests[0].body["messages"][1]["content"]
    assert [part["type"] for part in content] == ["image_url", "image_url", "text", "text"]
    assert content[0] != content[1]
    assert job.run is not None
    assert job.run.source_text == "Anna met Tom.\n\nAnna is here."
    assert job.run.pictures == ("a.png", "a.png")
    html = extract_view.sources_html(job, "ko")
    assert t("ko", "error.bad_image.not_a_picture") in html
    for _ in range(MOST_SOURCES):
        job.add("more", "")
    assert job.add("one more", "") is None


async def test_what_it_takes_is_counted_with_the_schema_and_priced(server: ScriptedServer) -> None:
    where = connection(server)
    openai = Connection("openai", "https://api.openai.com/v1", "sk-test-1234567890abcdef")
    short, long = asked(), asked(now=wanted.of_fields([Field(f"field_{place}") for place in range(40)]))
    counted = [forecast(extract_run.opening(each, []), each.wanted, openai, "") for each in (short, long)]
    assert counted[0].cost is not None
    assert counted[1].input_tokens > counted[0].input_tokens + 200
    assert counted[1].output_tokens > counted[0].output_tokens
    unknown = forecast(extract_run.opening(asked(model="no-such"), []), PEOPLE, where, "")
    assert unknown.cost is None
    assert server.requests == []


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("preset", load_presets(), ids=lambda preset: preset.id)
async def test_the_demo_model_answers_each_preset(demo_url: str, preset: Any, language: Language) -> None:
    job = Extracting(wanted=wanted.of_fields(preset.fields(language)))
    what = Asked(preset.example.text(language), preset.instructions.text(language), "demo", job.wanted)
    ledger, _ = await run(job, demo(demo_url), what)
    assert job.run is not None
    assert job.run.extraction is not None
    assert job.run.extraction.valid
    assert t(language, "extract.state_valid") in extract_view.status_html(job.run, language, "gpt-5.4-mini", WON)
    assert ledger.entries[0].free
    for view in ("tree", "table", "json"):
        assert extract_view.result_html(job.run, view, language)
    assert "<mark" in extract_view.marked_html(job.run, language)


async def test_a_fault_of_ours_is_a_sentence_too(server: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    def faulty(*_: object, **__: object) -> None:
        raise RuntimeError("a fault")

    monkeypatch.setattr(extract_run, "extract_stream", faulty)
    job = Extracting()
    ledger, _ = await run(job, connection(server))
    assert job.run is not None
    assert job.run.broken
    assert t("en", "error.other.text") in extract_view.status_html(job.run, "en", "gpt-5.4-mini", WON)
    assert ledger.entries == []


@pytest.mark.parametrize(
    "value",
    [
        {f"key {place}": place for place in range(5000)},
        {"list": list(range(5000))},
        {"list": [[place] for place in range(5000)]},
        {"list": [{f"key {place}": place} for place in range(2000)]},
        {"list": [{"inner": {f"key {place}": place}} for place in range(5000)]},
        [{f"key {place}": place for place in range(5000)}],
    ],
)
def test_a_large_table_is_drawn_only_as_far_as_a_page_can(value: Any) -> None:
    run = extract_run.Run(asked(), text=json.dumps(value))
    drawn = extract_view.result_html(run, "table", "en")
    assert t("en", "extract.too_many") in drawn
    assert drawn.count("<td") + drawn.count("value-plain") <= 3 * extract_view.MOST_DRAWN


def test_names_of_sources_are_safe_to_show() -> None:
    job = Extracting()
    added = job.add("a\u202egnp.txt\n\ud800", "/nowhere")
    assert added is not None
    assert added.name == "agnp.txt"
    assert "agnp.txt" in extract_view.sources_html(job, "en")


@pytest.mark.parametrize("view", ["tree", "table"])
async def test_each_view_tells_what_is_wrong_with_objects_and_lists_too(server: ScriptedServer, view: str) -> None:
    schema = {
        "type": "object",
        "properties": {
            "people": {"type": "array", "items": {"type": "string"}, "minItems": 3},
            "place": {"type": "string"},
        },
    }
    server.script = play.answer('{"people": [{"name": "Anna"}, 5], "place": {"city": "Boston"}}')
    job = Extracting()
    await run(job, connection(server), asked(now=wanted.of_text(json.dumps(schema))))
    assert job.run is not None
    assert job.run.extraction is not None
    assert len(job.run.extraction.problems) == 4
    drawn = extract_view.result_html(job.run, view, "en")
    assert drawn.count("field-problem") == 4
    if view == "table":
        assert '<td colspan="1"><span class="value value-plain">5</span>' in drawn


def test_a_large_value_is_drawn_only_as_far_as_a_page_can() -> None:
    job = Extracting()
    from_text = json.dumps({"people": [f"name {place}" for place in range(3000)]})
    job.run = extract_run.Run(asked())
    job.run.text = from_text
    assert extract_view.result_html(job.run, "tree", "en").count("<li") <= extract_view.MOST_DRAWN
    assert t("en", "extract.too_many") in extract_view.result_html(job.run, "tree", "en")
    job.run.error = ChatError("Something unexpected happened.")
    assert t("en", "extract.state_failed") in extract_view.status_html(job.run, "en", "gpt-5.4-mini", WON)
