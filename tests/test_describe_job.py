"""Fifty pictures against a server that fails and limits: every one ends, in order, and nothing is paid twice."""

import asyncio
import base64
import csv
import io
import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import aclosing
from dataclasses import replace
from decimal import Decimal
from functools import partial
from html.parser import HTMLParser
from pathlib import Path

import pytest
from PIL import Image

from chat_core.batch import Budget, Ended, run
from chat_core.connections import Connection, demo
from chat_core.describing import find
from chat_core.ledger import Ledger
from chat_core.settings import Clocks, Settings
from chat_ui import describe_run
from chat_ui.describe_job import MOST_PICTURES, Asked, Job, Picture, forecast
from chat_ui.describe_view import gallery_html, progress_html
from chat_ui.describer import Describer
from chat_ui.exports import COLUMNS, exported
from chat_ui.kept_pictures import name_of_url
from chat_ui.texts import LANGUAGES, Language
from chat_ui.turn import Turn
from chat_ui.visit import Visit
from tests import scripted_server as play
from tests.scripted_server import Exchange, Script, ScriptedServer

pytestmark = pytest.mark.usefixtures("closed_pools")

PATIENCE = 60.0
CALM = Clocks(retry_pause=0.01)
MODEL = "gpt-4o-mini"
REFERENCE = "gpt-5.4-mini"
WON = Decimal(1400)
# Of 12 input and 3 output tokens, which is what the scripted server says of each answer.
PRICE = Decimal("0.0000036")
HOSTILE = '=HYPERLINK("http://evil")\n<b>\'한글\' & "quotes"</b> --><script>alert(1)</script>'


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as running:
        yield running


@pytest.fixture(autouse=True)
def _uploads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "uploads"))


def connection(server: ScriptedServer) -> Connection:
    return Connection("custom", server.base_url, "sk-test-1234567890abcdef")


def asked(**changes) -> Asked:
    preset = find("alt_text")
    assert preset is not None
    return replace(Asked(preset, preset.prompt.en, "en", MODEL), **changes)


async def job_of(count: int, folder: Path) -> Job:
    """Pictures of 20, 21, 22 ... pixels, read in."""
    job = Job()
    for n in range(count):
        path = folder / f"picture-{n}.png"
        Image.new("RGB", (20 + n, 16), (n, 99, 200)).save(path)
        assert job.add(path.name, str(path))
    async for _ in describe_run.read_in(list(job.pictures.values())):
        pass
    return job


def by_place(scripts: dict[int, Script]) -> Script:
    """The script of the n-th picture; an answer that names it for all others."""

    async def script(exchange: Exchange) -> None:
        n = place_of(exchange)
        await scripts.get(n, play.answer("Picture ", f"number {n}."))(exchange)

    return script


def place_of(exchange: Exchange) -> int:
    url = exchange.body["messages"][0]["content"][0]["image_url"]["url"]
    with Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2]))) as image:
        return image.width - 20


async def run_all(
    job: Job,
    server: ScriptedServer,
    *,
    budget: Budget | None = None,
    ledger: Ledger | None = None,
    kept: list[Turn] | None = None,
) -> Ledger:
    keys = [picture.key for picture in job.to_ask]
    ledger = ledger if ledger is not None else Ledger()
    steps = describe_run.ask(
        job,
        keys,
        asked(),
        budget or Budget(items=100),
        connection(server),
        REFERENCE,
        ledger,
        CALM,
        (kept if kept is not None else []).append,
    )
    async with aclosing(steps) as seen:
        async for _ in seen:
            # What is drawn at each step is whole, whatever the states are.
            assert gallery_html(job, "ko", REFERENCE, WON).count("<li") == len(job.pictures)
    return ledger


# --- fifty pictures ---------------------------------------------------------------------------------------------------


async def test_fifty_all_end_with_an_answer_or_a_sentence_in_their_order(
    server: ScriptedServer, tmp_path: Path
) -> None:
    job = await job_of(50, tmp_path)
    # At the end of the list, that they take no other's place.
    trap = tmp_path / "trap.png"
    trap.write_bytes(b"PK no picture")
    assert job.add("trap.png", str(trap))
    async for _ in describe_run.read_in(list(job.pictures.values())[-1:]):
        pass
    limited = {n: play.error(429, "Slow down.", "rate_limit_exceeded", retry_after_ms="20") for n in (3, 17)}
    server.script = by_place(
        {n: play.in_turn(script, play.answer(f"Picture number {n}.")) for n, script in limited.items()}
        | {
            7: play.error(400, "Invalid content.", "invalid_value"),
            11: play.error(500, "Oops."),
            23: play.cut_after("Half a sen"),
            29: play.answer("", finish="content_filter"),
            31: play.answer("x" * 130),
            37: play.answer(HOSTILE),
            41: play.raw(
                f"data: {json.dumps(play.chunk(refusal='I will not.', finish='stop'))}\n\n", "data: [DONE]\n\n"
            ),
        }
    )
    kept: list[Turn] = []
    ledger = await run_all(job, server, kept=kept)
    pictures = list(job.pictures.values())
    assert [picture.name for picture in pictures] == [*(f"picture-{n}.png" for n in range(50)), "trap.png"]
    failed = {n for n, picture in enumerate(pictures) if picture.status == "failed"}
    assert failed == {7, 11, 23, 29, 41, 50}
    assert {picture.status for n, picture in enumerate(pictures) if n not in failed} == {"done"}
    special = {31, 37}
    assert all(pictures[n].text == f"Picture number {n}." for n in set(range(50)) - failed - special)
    assert job.ended == Ended("done", 0)

    # The total is the sum of the parts, by whichever way it is added up.
    costs = [picture.cost or Decimal(0) for picture in pictures]
    assert ledger.totals().cost == job.ledger.totals().cost == sum(costs)
    whole = [cost for n, cost in enumerate(costs) if n not in (23, 41)]
    assert sum(whole) == PRICE * 46
    assert pictures[23].estimated
    assert costs[23] > 0

    rows = list(csv.DictReader(io.StringIO(exported(pictures, "csv", "en").decode("utf-8-sig"))))
    assert [row["name"] for row in rows] == [picture.name for picture in pictures]
    assert sum(Decimal(row["cost_usd"]) for row in rows) == sum(costs)
    assert all(row["description"] or row["problem"] for row in rows)

    # Each request can be looked at, with what came of it.
    assert len(kept) == 50
    assert all(turn.started and (turn.finished is None) is (turn.error is not None) for turn in kept)


async def test_stop_and_go_on_pays_for_nothing_twice(server: ScriptedServer, tmp_path: Path) -> None:
    job = await job_of(12, tmp_path)
    held: list[int] = []
    all_held = threading.Event()

    async def hold(exchange: Exchange) -> None:
        await exchange.start()
        await exchange.event(play.chunk("Half"))
        held.append(place_of(exchange))
        if len(held) == 4:
            all_held.set()
        await asyncio.Event().wait()

    server.script = by_place(dict.fromkeys(range(5, 12), hold))
    ledger = Ledger()
    running = asyncio.create_task(run_all(job, server, ledger=ledger))
    assert await asyncio.to_thread(all_held.wait, PATIENCE)
    assert job.stop is not None
    job.stop.set()
    await asyncio.wait_for(running, PATIENCE)
    pictures = list(job.pictures.values())
    assert [picture.status for picture in pictures] == ["done"] * 5 + ["stopped"] * 4 + ["waiting"] * 3
    assert job.ended == Ended("stopped", 7)
    assert not job.running
    estimated = [entry for entry in ledger.entries if entry.usage.estimated]
    assert [entry.outcome for entry in estimated] == ["stopped"] * 4
    assert "≈" in gallery_html(job, "en", REFERENCE, WON)

    server.script = by_place({})
    server.requests.clear()
    await run_all(job, server, ledger=ledger)
    assert sorted(place_of(exchange) for exchange in server.requests) == list(range(5, 12))
    assert {picture.status for picture in pictures} == {"done"}
    assert len(ledger.entries) == 12 + 4
    # What the stopped ones had perhaps cost stays with their pictures.
    assert ledger.totals().cost == sum(picture.cost or Decimal(0) for picture in pictures)

    server.requests.clear()
    await run_all(job, server, ledger=ledger)
    assert server.requests == []


async def test_a_page_that_goes_away_closes_the_requests(server: ScriptedServer, tmp_path: Path) -> None:
    job = await job_of(3, tmp_path)
    server.script = play.hold_after()
    keys = list(job.pictures)
    steps = describe_run.ask(job, keys, asked(), Budget(items=9), connection(server), REFERENCE, Ledger(), CALM, print)
    async with aclosing(steps) as seen:
        async for _ in seen:
            if len(server.requests) == 3:
                break
    for exchange in server.requests:
        assert await asyncio.to_thread(exchange.closed.wait, PATIENCE)
    assert {picture.status for picture in job.pictures.values()} == {"stopped"}
    assert not job.running


async def test_a_limit_in_dollars_is_kept_and_a_wrong_key_is_said_once(server: ScriptedServer, tmp_path: Path) -> None:
    job = await job_of(6, tmp_path)
    server.script = play.error(401, "Wrong key.", "invalid_api_key")
    await run_all(job, server)
    assert {picture.status for picture in job.pictures.values()} == {"waiting"}
    assert job.ended is not None
    assert job.ended.reason == "refused"
    assert job.ended.left == 6
    assert job.ledger.entries == []
    server.script = by_place({})
    server.requests.clear()
    _, costs = forecast(list(job.pictures.values()), asked(), connection(server), REFERENCE)
    assert costs[0] is not None
    # What is expected is more than what the server then charges: a third one may still begin, a fourth may not.
    await run_all(job, server, budget=Budget(dollars=costs[0] + 2 * PRICE))
    assert job.ended == Ended("budget", 3)
    assert len(job.with_status("done")) == len(server.requests) == 3


async def test_retrying_one_asks_it_alone(server: ScriptedServer, tmp_path: Path) -> None:
    job = await job_of(3, tmp_path)
    server.script = by_place({1: play.in_turn(play.error(400, "No.", "invalid_value"), play.answer("At last."))})
    await run_all(job, server)
    (failed,) = job.with_status("failed")
    server.requests.clear()
    assert job.askable([failed.key, "no such key"]) == [failed.key]
    job.wait_again([failed.key, "no such key"])
    await run_all(job, server)
    assert [place_of(exchange) for exchange in server.requests] == [1]
    assert failed.text == "At last."


async def test_a_picture_that_is_asked_again_counts_once_for_the_limit(server: ScriptedServer, tmp_path: Path) -> None:
    visit = Visit(first_model=MODEL, described=await job_of(3, tmp_path))
    job = visit.described
    server.script = by_place({1: play.answer("", finish="content_filter")})
    form = ("alt_text", "What is it?", "en", MODEL, "auto")
    desk = Describer(Settings(clocks=CALM), connection(server))

    async def ask(choose: Callable[[Job], list[Picture]]) -> None:
        asking = desk.asking(lambda job: [picture.key for picture in choose(job)])
        async for _ in asking(visit, "en", REFERENCE, None, 3, *form):
            pass

    await ask(lambda job: job.to_ask)
    (failed,) = job.with_status("failed")
    assert failed.entries
    server.script = by_place({})
    await ask(lambda job: job.with_status("failed"))
    assert len(job.with_status("done")) == 3
    assert len(server.requests) == 4
    # One more picture is more than the limit.
    path = tmp_path / "one-more.png"
    Image.new("RGB", (20, 16)).save(path)
    more = job.add(path.name, str(path))
    assert more is not None
    await describe_run.read(more)
    await ask(lambda job: job.to_ask)
    assert more.status == "waiting"


async def test_a_picture_that_is_taken_away_while_it_waits_is_not_asked(server: ScriptedServer, tmp_path: Path) -> None:
    job = await job_of(2, tmp_path)
    first, second = job.pictures

    async def answer(exchange: Exchange) -> None:
        job.remove(second)
        await by_place({})(exchange)

    server.script = answer
    steps = describe_run.ask(
        job, [first, second], asked(), Budget(items=9), connection(server), REFERENCE, Ledger(), CALM, print
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(describe_run, "run", partial(run, parallel=1))
        async with aclosing(steps) as seen:
            async for _ in seen:
                pass
    assert [place_of(exchange) for exchange in server.requests] == [0]
    assert list(job.pictures) == [first]
    assert len(job.ledger.entries) == 1


async def test_a_description_stays_until_there_is_another_one(server: ScriptedServer, tmp_path: Path) -> None:
    job = await job_of(3, tmp_path)
    server.script = by_place({})
    await run_all(job, server)
    first, second, third = job.pictures.values()
    job.write(first.key, "Mine.")

    def described() -> list[str]:
        texts = [
            json.loads(line)["description"] for line in exported(job.pictures.values(), "jsonl", "en").splitlines()
        ]
        html = Elements(gallery_html(job, "en", REFERENCE, WON))
        assert [attributes["value"] for tag, attributes in html.found if tag == "textarea"] == texts
        return texts

    # The limit is reached before any is asked.
    job.wait_again(job.pictures)
    await run_all(job, server, budget=Budget(items=0))
    assert job.ended == Ended("budget", 3)
    assert described() == ["Mine.", "Picture number 1.", "Picture number 2."]
    job.write(second.key, "Mine, too.")
    # A failure, a refusal and a new answer.
    refusal = play.raw(f"data: {json.dumps(play.chunk(refusal='I will not.', finish='stop'))}\n\n", "data: [DONE]\n\n")
    server.script = by_place({0: play.error(400, "No.", "invalid_value"), 1: refusal, 2: play.answer("New.")})
    await run_all(job, server)
    assert [picture.status for picture in job.pictures.values()] == ["failed", "failed", "done"]
    assert described() == ["Mine.", "Mine, too.", "New."]
    assert "I will not." in gallery_html(job, "en", REFERENCE, WON)
    assert third.asked == asked()


# --- reading ----------------------------------------------------------------------------------------------------------


async def test_what_cannot_be_read_fails_alone_and_urls_are_guarded(tmp_path: Path) -> None:
    job = Job()
    good = tmp_path / "good.png"
    Image.new("RGB", (30, 20), "teal").save(good)
    for name, source, remote in (
        ("good.png", str(good), False),
        ("gone.png", str(tmp_path / "gone.png"), False),
        ("cat.png", "http://127.0.0.1/cat.png", True),
        ("nonsense", "nonsense", True),
    ):
        assert job.add(name, source, remote=remote)
    async for _ in describe_run.read_in(list(job.pictures.values())):
        pass
    first, *others = job.pictures.values()
    assert (first.status, first.width, first.height) == ("waiting", 30, 20)
    assert [(picture.status, picture.error.kind) for picture in others if picture.error] == [
        ("failed", "bad_image"),
        ("failed", "bad_url"),
        ("failed", "bad_url"),
    ]
    with Image.open(first.small) as small:
        assert small.size == (30, 20)


def test_there_is_a_limit_to_the_number_of_pictures() -> None:
    job = Job()
    assert all(job.add(str(n), "") for n in range(MOST_PICTURES))
    assert job.add("one more", "") is None


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://example.org/a/cat.png?size=9", "cat.png"),
        ("https://example.org/", "example.org"),
        ("https://example.org/%2e%2e/x.png", "x.png"),
        ("https://example.org/%ED%95%9C%EA%B5%AD.png", "한국.png"),
        ("https://example.org/..%2f..%2fx.png", "x.png"),
        ("https://example.org/%E2%80%AEgnp.exe", "gnp.exe"),
        ("http://[::1", "[::1"),
        ("한" * 50_000, "한" * 119 + "…"),
    ],
)
def test_a_url_has_a_name(url: str, name: str) -> None:
    assert name_of_url(url) == name


# --- prices -----------------------------------------------------------------------------------------------------------


async def test_what_it_will_cost_is_told_by_model_and_detail(tmp_path: Path) -> None:
    job = await job_of(1, tmp_path)
    pictures = list(job.pictures.values())
    paid = Connection("openai", "https://api.openai.com/v1", "k")
    auto, costs = forecast(pictures, asked(), paid, REFERENCE)
    low, _ = forecast(pictures, asked(detail="low"), paid, REFERENCE)
    # gpt-4o-mini: 2833 + 5667 for each tile of 512 pixels; 2833 at low detail (guide "Images and vision").
    assert (auto.image_tokens, low.image_tokens) == (8500, 2833)
    assert auto.output_tokens == 60
    assert auto.cost == costs[0] == (auto.input_tokens * Decimal("0.15") + 60 * Decimal("0.60")) / 1_000_000
    unknown, _ = forecast(pictures, asked(model="home-made"), paid, REFERENCE)
    assert (unknown.cost, unknown.unknown) == (None, 1)
    # Where nobody is charged, it is told as if on the reference model.
    free, _ = forecast(pictures, asked(model="demo"), demo("http://127.0.0.1:1/v1"), MODEL)
    assert free.cost == auto.cost


def test_an_unknown_price_is_never_shown_as_nothing(server: ScriptedServer) -> None:
    job = Job()
    picture = job.add("a.png", "")
    assert picture is not None
    picture.status = "waiting"
    job.begin()
    shown = progress_html(job, connection(server), "en", REFERENCE, WON)
    assert "unknown" in shown
    assert "$0" not in shown


# --- exports and cards: nothing that acts -----------------------------------------------------------------------------


async def described(server: ScriptedServer, tmp_path: Path, text: str, name: str = "a b&<c>.png") -> Job:
    job = await job_of(1, tmp_path)
    server.script = play.answer(text)
    await run_all(job, server)
    next(iter(job.pictures.values())).name = name
    return job


@pytest.mark.parametrize("text", [HOSTILE, "+1", "-1", "@SUM(A1)", "\t=1", "  =1+1", "＝1", "\r=1"])
async def test_no_cell_is_a_formula_and_excel_reads_korean(server: ScriptedServer, tmp_path: Path, text: str) -> None:
    job = await described(server, tmp_path, "x", "=cmd|'/c calc'!A1.png")
    picture = next(iter(job.pictures.values()))
    job.write(picture.key, text)
    data = exported(job.pictures.values(), "csv", "ko")
    assert data.startswith(b"\xef\xbb\xbf")
    header, row = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))
    assert header == list(COLUMNS)
    assert not any(re.match(r"\s*[=+\-@＝＋－＠]|[\t\r]", cell) for cell in row)
    assert row[header.index("description")] == f"'{text}"


async def test_jsonl_holds_everything_as_it_is(server: ScriptedServer, tmp_path: Path) -> None:
    job = await described(server, tmp_path, HOSTILE)
    (line,) = exported(job.pictures.values(), "jsonl", "ko").decode().splitlines()
    row = json.loads(line)
    assert list(row) == list(COLUMNS)
    assert row["description"] == HOSTILE
    assert (row["preset"], row["model"], row["cost_usd"]) == ("alt_text", MODEL, "0.0000036")


class Elements(HTMLParser):
    """The elements and comments of a piece of HTML."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.comments: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_comment(self, data: str) -> None:
        self.comments.append(data)


async def test_html_is_one_image_with_its_text_and_nothing_else(server: ScriptedServer, tmp_path: Path) -> None:
    job = await described(server, tmp_path, HOSTILE)
    failed = job.add("--><script>alert(1)</script>.png", "")
    assert failed is not None
    failed.status = "failed"
    elements = Elements(exported(job.pictures.values(), "html", "ko").decode())
    ((tag, attributes),) = elements.found
    assert tag == "img"
    assert attributes["alt"] == " ".join(HOSTILE.split())
    assert attributes["src"] == "a%20b%26%3Cc%3E.png"
    assert (attributes["width"], attributes["height"]) == ("20", "16")
    # One without a description: no empty alt, which would call it decoration.
    assert len(elements.comments) == 1


def test_the_name_of_a_file_stands_on_one_line_and_in_reading_order() -> None:
    job = Job()
    job.add("a\u202egnp.exe\nsecond line.png", "")
    html = gallery_html(job, "en", REFERENCE, WON)
    assert "\u202e" not in html
    assert html.count(">agnp.exesecond line.png<") == 1


@pytest.mark.parametrize("language", LANGUAGES)
async def test_cards_are_inert(server: ScriptedServer, tmp_path: Path, language: Language) -> None:
    job = await described(server, tmp_path, HOSTILE, '"><script>alert(1)</script>.png')
    html = gallery_html(job, language, REFERENCE, WON)
    elements = Elements(html)
    assert {tag for tag, _ in elements.found} <= {"ul", "li", "div", "p", "span", "img", "textarea", "button"}
    assert not any(name.startswith("on") for _, attributes in elements.found for name in attributes)
    (area,) = (attributes for tag, attributes in elements.found if tag == "textarea")
    assert area["value"] == HOSTILE


async def test_alt_text_is_counted_and_marked_when_it_is_too_long(server: ScriptedServer, tmp_path: Path) -> None:
    job = await described(server, tmp_path, "x" * 125)
    assert ">125 / 125<" in gallery_html(job, "en", REFERENCE, WON)
    assert "over" not in gallery_html(job, "en", REFERENCE, WON)
    picture = next(iter(job.pictures.values()))
    job.write(picture.key, "한" * 126)
    assert 'over"' in gallery_html(job, "en", REFERENCE, WON)
    assert ">126 / 125<" in gallery_html(job, "en", REFERENCE, WON)
