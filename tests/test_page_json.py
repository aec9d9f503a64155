"""JSON mode in the chat, on the page: laid out while it streams, checked at its end, faults told with their place."""

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from chat_core.connections import Connection
from chat_core.settings import Settings
from chat_ui.layout import build_app
from chat_ui.texts import t
from tests import scripted_server as play
from tests.on_page import answers, begin_anew, box, gated, note, option, send, settled, user, visit
from tests.scripted_server import Exchange, ScriptedServer

PEOPLE = {"people": ["할아버지", "grand_mother"], "count": 2}


@pytest.fixture(scope="module")
def servers() -> Iterator[tuple[str, ScriptedServer]]:
    with ScriptedServer() as server:
        app = build_app(Settings(), Connection("custom", server.base_url, "sk-x"))
        _, address, _ = app.page.launch(prevent_thread_lock=True, quiet=True, **app.launch_options)
        yield address, server
        app.page.close()


@pytest.fixture
def server(servers: tuple[str, ScriptedServer]) -> ScriptedServer:
    servers[1].requests.clear()
    return servers[1]


@pytest.fixture(scope="module")
def lasting_page(
    servers: tuple[str, ScriptedServer], browser: Browser, browser_thread: ThreadPoolExecutor
) -> Iterator[Page]:
    """The app with JSON mode on, and the accordion of the limit open."""

    def opened() -> Page:
        page = browser.new_page(viewport={"width": 1440, "height": 900}, locale="en-US")
        visit(page, servers[0])
        page.locator("#json-mode input").check()
        page.locator("#more > button").click()
        return page

    page = browser_thread.submit(opened).result()
    yield page
    browser_thread.submit(page.close).result()


@pytest.fixture
def chat(lasting_page: Page, browser_thread: ThreadPoolExecutor) -> Page:
    """That page with a new chat, and without a limit."""

    def anew() -> None:
        begin_anew(lasting_page)
        lasting_page.locator("#max-tokens input").fill("")

    browser_thread.submit(anew).result()
    return lasting_page


def code(page: Page) -> Locator:
    return answers(page).last.locator("pre code")


def test_json_is_laid_out_while_it_streams_and_found_valid_at_the_end(chat: Page, server: ScriptedServer) -> None:
    gate = threading.Event()
    server.script = gated(gate, '{"people":["할아버지","gr', 'and_mother"],"count":2}')
    box(chat).fill("Who?")
    box(chat).press("Enter")
    expect(code(chat)).to_have_text('{\n  "people": [\n    "할아버지",\n    "gr')
    gate.set()
    settled(chat)
    expect(code(chat)).to_have_text(json.dumps(PEOPLE, ensure_ascii=False, indent=2))
    expect(note(chat, t("en", "json.valid"))).to_have_count(1)
    server.script = play.answer("{}")
    send(chat, "And now?")
    said = server.requests[1].body["messages"][-2]
    assert said["role"] == "assistant"
    assert json.loads(said["content"]) == PEOPLE


@pytest.mark.parametrize(
    ("answer", "title", "place"),
    [
        ('{"people": ["a", ]}', "json.invalid.title", "Line 1, column 18"),
        ('{"a": 1,\n "a": NaN}', "json.invalid.title", "Line 2, column 2"),
        ('{"a": 1, "a": 2}', "json.usable.title", "comes twice"),
        ("I am sorry, I cannot.", "json.invalid.title", "cannot be read as JSON"),
    ],
)
def test_what_is_wrong_is_said_with_its_place_and_the_text_is_kept(
    chat: Page, server: ScriptedServer, answer: str, title: str, place: str
) -> None:
    server.script = play.answer(answer)
    send(chat, "As JSON")
    expect(note(chat, t("en", title))).to_contain_text(place)
    expect(answers(chat).first).to_contain_text("a" if "{" not in answer else '"a"')
    assert len(server.requests) == 1


def test_json_that_the_limit_has_cut_is_offered_a_higher_one_and_never_asked_again_blindly(
    chat: Page, server: ScriptedServer
) -> None:
    cut, whole = '{"people": ["할아버지", "할', '{"people": []}'
    server.script = play.in_turn(play.answer(cut, finish="length"), play.answer(whole))
    chat.locator("#max-tokens input").fill("20")
    send(chat, "As JSON")
    expect(note(chat, t("en", "note.length_json.title"))).to_contain_text("20 tokens")
    expect(option(chat, t("en", "action.continue"))).to_have_count(0)
    option(chat, t("en", "action.raise_limit", value=40)).click()
    expect(note(chat, t("en", "json.valid"))).to_have_count(1)
    settled(chat)
    expect(chat.locator("#max-tokens input")).to_have_value("40")
    assert [exchange.body["max_completion_tokens"] for exchange in server.requests] == [20, 40]
    assert server.requests[1].body["messages"] == server.requests[0].body["messages"]


def test_json_that_the_models_own_limit_has_cut_has_no_higher_one(chat: Page, server: ScriptedServer) -> None:
    server.script = play.answer('{"people": ["', finish="length")
    send(chat, "As JSON")
    expect(note(chat, t("en", "note.length_json.title"))).to_contain_text("model's own limit")
    expect(chat.locator("#chatbot .options button")).to_have_count(0)


async def without_json_mode(exchange: Exchange) -> None:
    refused = play.error(400, "response_format is not supported by this server.", None, None)
    words = play.answer('Here it is:\n\n{"people": ["a"]}\n\nAnything else?')
    await (refused if "response_format" in exchange.body else words)(exchange)


def test_a_server_without_json_mode_is_asked_by_prompt_and_that_is_said(chat: Page, server: ScriptedServer) -> None:
    server.script = without_json_mode
    send(chat, "As JSON")
    assert ["response_format" in exchange.body for exchange in server.requests] == [True, False]
    expect(note(chat, t("en", "json.embedded"))).to_have_count(1)
    told = note(chat, t("en", "note.adjusted.title"))
    told.locator(".title").click()
    expect(told).to_contain_text("response_format")
    expect(answers(chat).first).to_contain_text("Anything else?")
    assert server.requests[1].body["messages"][-1] == user("As JSON")
