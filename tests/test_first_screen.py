"""The first screen in a real browser: the cards against the real demo model, its failure drills, and what goes wrong
in the middle of a card, against a scripted server."""

import asyncio
import json
import re
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, fields
from typing import Any
from urllib.parse import urlsplit
from urllib.request import urlopen

import pytest
from playwright.sync_api import Browser, FloatRect, Locator, Page, Request, ViewportSize, expect

import demo_model
from chat_core import connections
from chat_core.connections import Connection
from chat_core.personas import find
from chat_core.pricing import reference_models
from chat_core.settings import Clocks, Settings
from chat_ui import drills
from chat_ui.cards import BARS_SHAPE, CARDS, TALE_SHAPE, Preset, Run, card_named
from chat_ui.controls import Controls
from chat_ui.drills import DRILLS
from chat_ui.layout import build_app
from chat_ui.texts import LANGUAGES, Language, t
from chat_ui.usage_tab import STORY_TEXT
from tests import scripted_server as play
from tests.conftest import Tabs
from tests.on_page import (
    LOCALES,
    answers,
    begin_anew,
    box,
    choose_persona,
    english_words,
    eventually,
    fits,
    gated,
    hearing,
    note,
    option,
    questions,
    send,
    settled,
    speaks_korean,
    switch_language,
    tab,
    toast,
    visit,
)
from tests.scripted_server import Exchange, Script, ScriptedServer

# The drill of the rate limit is not waited for. In all else they are patient: no busy machine is a silent server.
CALM = Clocks(retry_pause=0.01, longest_wait=1)
# For the drill of silence alone, which only a clock ends.
HASTY = Clocks(first_token=1, patient_first_token=1)
HANGUL = re.compile("[가-힣ㄱ-ㅎㅏ-ㅣ]")
MODEL_CARDS = tuple(card.name for card in CARDS if card.steps)


# --- cards as values -------------------------------------------------------------------------------------------------


def test_there_are_six_cards_and_every_one_is_found_by_its_name() -> None:
    assert [card.name for card in CARDS] == ["shapes", "bars", "memory", "tale", "temperature", "count"]
    assert [card_named(card.name) for card in CARDS] == list(CARDS)
    assert [card_named(name) for name in ("", "nothing", None, 5, {"card": "shapes"})] == [None] * 5


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", MODEL_CARDS)
def test_a_card_decides_every_control_that_it_sets_and_leaves_the_others(name: str, language: Language) -> None:
    card = card_named(name)
    assert card is not None
    given = Controls("m", "Be rude.", True, 0.9, True, "last", 2, False, 50, 0.5, "low", 7, "END", "text")
    before = Preset.of(given, "chef")
    for place in range(len(card.steps)):
        run = Run(card, before, place)
        sent = run.preset.over(given)
        assert (sent.persona, sent.stream) == ("", True)
        assert (sent.json_mode, sent.history) == (run.step.json_mode, run.step.history)
        assert sent.own_temperature is (run.step.temperature is not None)
        others = ("model", "turns", "max_tokens", "top_p", "effort", "seed", "stop", "picture_links")
        assert all(getattr(sent, other) == getattr(given, other) for other in others)
        assert run.step.draft(language).text
    last = Run(card, before, len(card.steps) - 1)
    assert last.following is None
    assert before.over(last.preset.over(given)) == given


def test_values_are_in_the_order_of_the_fields_and_an_untouched_prompt_is_translated() -> None:
    chef = find("chef")
    assert chef is not None
    preset = Preset("chef", chef.prompt.ko, True, 0.8, False, "none", False)
    assert preset.values("ko") == tuple(getattr(preset, field.name) for field in fields(Preset))
    assert preset.values("en")[:2] == ("chef", chef.prompt.en)
    edited = Preset("chef", "My own.", True, 0.8, False, "none", False)
    assert [edited.values(language)[1] for language in LANGUAGES] == ["My own."] * 2


def test_the_drills_are_those_of_the_demo_model() -> None:
    listed = [model.id for model in demo_model.family.MODELS.values() if model.drill]
    assert sorted(listed) == sorted(DRILLS)
    demo = connections.demo("http://127.0.0.1:1/v1")
    assert all(drills.is_drill(demo, drill) for drill in DRILLS)
    assert not drills.is_drill(demo, "demo")
    assert not drills.is_drill(Connection("custom", "http://x/v1"), DRILLS[0])
    assert drills.words("en", "drill-of-tomorrow") == "drill-of-tomorrow"


# --- the page with the demo model ------------------------------------------------------------------------------------


@contextmanager
def launched(connection: Connection, settings: Settings) -> Iterator[str]:
    app = build_app(settings, connection)
    _, address, _ = app.page.launch(prevent_thread_lock=True, quiet=True, **app.launch_options)
    try:
        yield address
    finally:
        app.page.close()


def relayed_to(port: int) -> Script:
    """Passes a request on to a server on this machine, and its answer back as it comes."""

    async def script(exchange: Exchange) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        names = ("authorization", "content-type")
        head = [f"{exchange.method} {exchange.path} HTTP/1.1", "host: 127.0.0.1", "connection: close"]
        head += [f"{name}: {exchange.headers[name]}" for name in names if name in exchange.headers]
        head.append(f"content-length: {len(exchange.raw)}")
        writer.write("\r\n".join([*head, "", ""]).encode() + exchange.raw)
        try:
            while piece := await reader.read(65536):
                exchange.writer.write(piece)
                await exchange.writer.drain()
        except ConnectionError:
            exchange.cut()
        finally:
            writer.close()
            exchange.writer.close()

    return script


@dataclass(frozen=True)
class Demo:
    """The app on the demo model, and the server in between, which records what is asked."""

    address: str
    between: ScriptedServer
    settings: Settings

    @contextmanager
    def hurried(self, clocks: Clocks) -> Iterator[None]:
        """What is asked while this lasts is waited for by these clocks."""
        object.__setattr__(self.settings, "clocks", clocks)
        try:
            yield
        finally:
            object.__setattr__(self.settings, "clocks", CALM)

    def take_bodies(self) -> list[dict[str, Any]]:
        """What was asked since the last time."""
        bodies = [exchange.body for exchange in self.between.requests]
        self.between.requests.clear()
        return bodies


@pytest.fixture(scope="module")
def demo() -> Iterator[Demo]:
    server = demo_model.serve(pace=0)
    try:
        with urlopen(f"{server.url}/models") as response:
            models = json.load(response)["data"]
        with ScriptedServer(relayed_to(urlsplit(server.url).port or 0)) as between:
            between.models = models
            settings = Settings(clocks=CALM)
            with launched(connections.demo(between.base_url), settings) as address:
                yield Demo(address, between, settings)
    finally:
        server.stop()


@pytest.fixture(scope="module")
def pages(demo: Demo, browser: Browser, browser_thread: ThreadPoolExecutor) -> Iterator[dict[Language, Page]]:
    """One page a language, which goes on from test to test."""

    def open_all() -> dict[Language, Page]:
        size: ViewportSize = {"width": 1440, "height": 900}
        opened: dict[Language, Page] = {
            code: browser.new_page(locale=LOCALES[code], viewport=size) for code in LANGUAGES
        }
        for page in opened.values():
            visit(page, demo.address, model="demo")
        return opened

    opened = browser_thread.submit(open_all).result()
    yield opened
    for page in opened.values():
        browser_thread.submit(page.close).result()


def card(page: Page, name: str) -> Locator:
    return page.locator(f'[data-card="{name}"]')


def play_card(page: Page, name: str, language: Language) -> None:
    """Click a card and see it to its end."""
    card(page, name).click()
    expect(page.locator("#first-screen")).to_have_count(0)
    expect(note(page, t(language, "card.note"))).to_be_visible()
    settled(page)


def controls(page: Page) -> dict[str, Any]:
    """What the sidebar says of the controls that cards set."""
    own = page.locator("#own-temperature input").is_checked()
    return {
        "persona": page.locator("#persona input").input_value(),
        "prompt": page.locator("#system-prompt textarea").input_value(),
        "temperature": own and page.locator('#temperature input[type="number"]').input_value(),
        "json": page.locator("#json-mode input").is_checked(),
        "history": page.locator("#history input:checked").get_attribute("value"),
        "streaming": page.locator("#streaming input").is_checked(),
    }


def foreign_words(page: Page, language: Language) -> list[str]:
    """Words of the other language in sight: in the page's own texts, and in the notes of the transcript."""
    if language == "ko":
        titles = page.locator("#chatbot .thought-group .title").all_inner_texts()
        return english_words(page) + [title for title in titles if not HANGUL.search(title)]
    words = page.evaluate("[...document.querySelectorAll('.contain, .sidebar')].map((part) => part.innerText)")
    # The switch itself speaks both.
    return HANGUL.findall("".join(words).replace("한국어", "").replace("언어", ""))


def texts_of(body: dict[str, Any]) -> list[str]:
    """The texts of a request's messages; of one with a picture its last part."""
    contents = [message["content"] for message in body["messages"] if message["role"] != "system"]
    return [content if isinstance(content, str) else content[-1]["text"] for content in contents]


def json_answer(page: Page) -> Any:
    return json.loads(answers(page).last.locator("pre code").inner_text())


# What each card has to have asked: model, temperature, JSON mode, whether a picture went along, for each request.
PLAIN = {"stream": True, "stream_options": {"include_usage": True}, "model": "demo"}
JSON_MODE = PLAIN | {"response_format": {"type": "json_object"}}
ASKED: dict[str, list[dict[str, Any]]] = {
    "shapes": [PLAIN],
    "bars": [JSON_MODE],
    "memory": [PLAIN, PLAIN, PLAIN],
    "tale": [JSON_MODE],
    "temperature": [PLAIN | {"temperature": value} for value in (0.3, 1.0, 1.8)],
}


def seen(page: Page, name: str, language: Language, bodies: list[dict[str, Any]]) -> None:
    """What a card promises to show is there."""
    match name:
        case "shapes":
            expect(answers(page)).to_contain_text("3")
        case "bars":
            bars = json_answer(page)["bars"]
            assert [list(bar) for bar in bars] == [list(json.loads(BARS_SHAPE)["bars"][0])] * 5
            # The picture's bars from the left: the third is the tallest, the fourth the lowest.
            heights = [bar["height"] for bar in bars]
            assert sorted(range(5), key=lambda at: heights[at]) == [3, 0, 4, 1, 2]
        case "memory":
            named, known, unknown = answers(page).all_inner_texts()
            who = {"en": "Cha Eun-woo", "ko": "차은우"}[language]
            assert (who in named, who in known, who in unknown) == (True, True, False)
            # The history control decides it, and what it said stands above each answer.
            assert [len(body["messages"]) for body in bodies] == [1, 3, 1]
            label = t(language, "history.label")
            lines = page.locator("#chatbot .thought-group .title", has_text=f"{label}: ").all_inner_texts()
            ways = [t(language, f"history.{how}") for how in ("all", "all", "none")]
            assert [line.strip("\u2063 \n") for line in lines] == [f"{label}: {way}" for way in ways]
        case "tale":
            tale = json_answer(page)
            assert list(tale) == list(json.loads(TALE_SHAPE))
            assert tale["people"] == PEOPLE[language]
            assert tale["summary"]
        case "temperature":
            # At 1.0 the likeliest words may come by chance, as they nearly always do at 0.3: one time in a hundred.
            *calm, wild = answers(page).all_inner_texts()
            assert len(calm) == 2
            assert wild not in calm


PEOPLE: dict[Language, list[str]] = {"en": ["old man", "old woman"], "ko": ["할아버지", "할머니"]}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", MODEL_CARDS)
def test_a_card_runs_shows_what_it_promises_and_puts_the_controls_back(
    pages: dict[Language, Page], demo: Demo, name: str, language: Language
) -> None:
    page = pages[language]
    begin_anew(page)
    eventually(page, lambda: foreign_words(page, language), [])
    demo.take_bodies()
    before = controls(page)
    play_card(page, name, language)
    bodies = demo.take_bodies()
    assert [{key: value for key, value in body.items() if key != "messages"} for body in bodies] == ASKED[name]
    chosen = card_named(name)
    assert chosen is not None
    asked = [step.draft(language).text for step in chosen.steps]
    assert [texts_of(body)[-1] for body in bodies] == asked
    expect(questions(page)).to_have_count(len(asked))
    expect(answers(page)).to_have_count(len(asked))
    seen(page, name, language, bodies)
    expect(note(page, t(language, "card.note"))).to_contain_text(re.sub("[*`]", "", t(language, f"card.{name}.note")))
    expect(page.locator("#own-temperature input")).to_be_checked(checked=False)
    eventually(page, lambda: controls(page), before)
    eventually(page, lambda: foreign_words(page, language), [])


def test_the_visitors_own_controls_wait_outside_and_come_back(pages: dict[Language, Page], demo: Demo) -> None:
    page = pages["en"]
    begin_anew(page)
    chef = find("chef")
    assert chef is not None
    choose_persona(page, chef.name.en)
    page.locator("#own-temperature input").check()
    page.locator("#json-mode input").check()
    page.locator("#streaming input").uncheck()
    page.locator("#history label").nth(2).click()
    expect(page.locator('#temperature input[type="number"]')).to_have_value("0.8")
    before = controls(page)
    demo.take_bodies()
    play_card(page, "memory", "en")
    bodies = demo.take_bodies()
    assert [{key: value for key, value in body.items() if key != "messages"} for body in bodies] == [PLAIN] * 3
    assert [len(body["messages"]) for body in bodies] == [1, 3, 1]
    expect(page.locator("#json-mode input")).to_be_checked()
    eventually(page, lambda: controls(page), before)
    # They hold for what is sent next.
    send(page, "And now?")
    (body,) = demo.take_bodies()
    assert (body["temperature"], body["response_format"], "stream" in body) == (0.8, {"type": "json_object"}, False)
    choose_persona(page, "Plain (no system prompt)")
    for element in ("#own-temperature", "#json-mode"):
        page.locator(f"{element} input").uncheck()
    page.locator("#streaming input").check()
    page.locator("#history label").nth(0).click()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_card_that_counts_leads_to_its_figures_and_back(pages: dict[Language, Page], language: Language) -> None:
    page = pages[language]
    begin_anew(page)
    box(page).fill("my draft")
    card(page, "count").click()
    back = page.locator("#back-to-chat")
    expect(back).to_be_visible()
    expect(page.locator("#count-text textarea")).to_have_value(STORY_TEXT)
    expect(page.locator("#count-story")).to_be_in_viewport()
    table = page.locator("#counts table")
    expect(table).to_be_in_viewport()
    expect(table).to_contain_text("o200k_base")
    expect(table).to_contain_text("cl100k_base")
    expect(table).to_contain_text(t(language, "count.price", model=reference_models()[0]))
    assert table.locator("tbody td:nth-child(3)").all_inner_texts() == [
        text for text in table.locator("tbody td:nth-child(3)").all_inner_texts() if re.match(r"\$\d+\.\d\d \(₩", text)
    ]
    if language == "ko":
        speaks_korean(page)
    back.click()
    expect(page.locator("#first-screen")).to_be_visible()
    expect(box(page)).to_have_value("my draft")
    box(page).fill("")


def test_another_card_within_a_second_is_another_wish(pages: dict[Language, Page], demo: Demo) -> None:
    page = pages["en"]
    begin_anew(page)
    demo.take_bodies()
    # The test before may have clicked the first of these within the last second, and a double click is one.
    page.wait_for_timeout(1_000)
    clicks = "names => names.forEach((name) => document.querySelector(`[data-card='${name}']`).click())"
    page.evaluate(clicks, ["count", "tale", "tale"])
    expect(page.locator("#first-screen")).to_have_count(0)
    page.locator("#back-to-chat").click()
    expect(note(page, t("en", "card.note"))).to_be_visible()
    settled(page)
    # A double click on one is one.
    assert len(demo.take_bodies()) == 1
    assert questions(page).count() == 1


def test_the_note_of_a_card_leads_where_it_says_and_is_never_sent(pages: dict[Language, Page], demo: Demo) -> None:
    page = pages["ko"]
    begin_anew(page)
    play_card(page, "tale", "ko")
    for name, element, words in (
        ("usage", "#ledger table", "gpt"),
        ("inspect", "#inspect-body", "할아버지와 할머니가"),
    ):
        option(page, t("ko", f"action.{name}")).click()
        expect(tab(page, name)).to_have_attribute("aria-selected", "true")
        expect(page.locator(element)).to_contain_text(words)
        page.get_by_role("tab").first.click()
        expect(answers(page)).to_have_count(1)
    demo.take_bodies()
    send(page, "고마워")
    (body,) = demo.take_bodies()
    assert [message["role"] for message in body["messages"]] == ["user", "assistant", "user"]
    assert t("ko", "card.note") not in json.dumps(body, ensure_ascii=False)


def test_cards_come_back_with_a_new_chat_and_the_draft_stays(pages: dict[Language, Page]) -> None:
    page = pages["en"]
    begin_anew(page)
    send(page, "Hello")
    expect(page.locator("#first-screen")).to_have_count(0)
    box(page).fill("half a thought")
    begin_anew(page)
    expect(card(page, "shapes")).to_be_visible()
    expect(box(page)).to_have_value("half a thought")
    box(page).fill("")


# --- the model list and the failure drills ----------------------------------------------------------------------------

# The title that the app gives to what each drill does, in the language that it is tried in.
DRILL_TITLES = {
    "drill-wrong-key": "error.key_refused.title",
    "drill-quota": "error.quota_exceeded.title",
    "drill-rate-limit": "error.rate_limited.title",
    "drill-server-error": "error.server_failed.title",
    "drill-silence": "error.timed_out.title",
    "drill-cut": "error.stream_cut.title",
    "drill-length": "note.length.title",
    "drill-content-filter": "note.content_filter.title",
    "drill-refusal": "note.refusal.title",
    "drill-blanks": "error.blanks_only.title",
}


def open_drills(page: Page) -> None:
    if not page.locator("#drill").is_visible():
        page.locator("#drills > button").click()
    expect(page.locator("#drill")).to_be_visible()


def choose_drill(page: Page, drill: str, language: Language) -> None:
    open_drills(page)
    page.locator("#drill label", has_text=drills.words(language, drill)).click()
    expect(page.locator("#model input")).to_have_value(drill)
    expect(page.locator("#about-model")).to_contain_text(drills.words(language, drill))


def test_the_model_list_holds_the_family_and_the_drills_have_their_own(pages: dict[Language, Page]) -> None:
    page = pages["en"]
    expect(page.locator("#drill")).to_be_hidden()
    page.locator("#model input").click()
    family = ["demo", "demo-reasoner", "demo-text", "demo-retiring"]
    expect(page.get_by_role("option")).to_have_text([re.compile(f"{name}$") for name in family])
    page.get_by_role("option", name="demo-reasoner").click()
    expect(page.locator("#about-model")).to_contain_text(t("en", "model.efforts", efforts="low, medium, high"))
    page.locator("#model input").click()
    page.get_by_role("option", name="demo-retiring").click()
    expect(page.locator("#about-model .ending")).to_be_visible()
    open_drills(page)
    expect(page.locator("#drill label")).to_have_text([drills.words("en", drill) for drill in DRILLS])
    choose_drill(page, "drill-quota", "en")
    expect(toast(page).last).to_contain_text(drills.words("en", "drill-quota"))
    # Choosing a model leaves the drill.
    page.locator("#model input").click()
    page.get_by_role("option", name="demo", exact=True).click()
    expect(page.locator("#drill input:checked")).to_have_count(0)
    expect(page.locator("#about-model")).not_to_contain_text(drills.words("en", "drill-quota"))


@pytest.mark.parametrize("drill", DRILLS)
def test_a_drill_shows_its_own_sentence_and_its_button_leads_out(
    pages: dict[Language, Page], demo: Demo, drill: str
) -> None:
    language = LANGUAGES[DRILLS.index(drill) % 2]
    page = pages[language]
    begin_anew(page)
    choose_drill(page, drill, language)
    demo.take_bodies()
    hello = {"en": "Hello", "ko": "안녕"}[language]
    with demo.hurried(HASTY if drill == "drill-silence" else CALM):
        send(page, hello)
    expect(note(page, t(language, DRILL_TITLES[drill]))).to_be_visible()
    asked = {body["model"] for body in demo.take_bodies()}
    # On a machine that is busy enough, the clock of the silence runs out before anything is asked.
    assert asked == {drill} or (drill == "drill-silence" and not asked)
    expect(option(page, t(language, "action.retry"))).to_be_visible()
    eventually(page, lambda: foreign_words(page, language), [])
    option(page, t(language, "action.leave_drill")).click()
    expect(page.locator("#model input")).to_have_value("demo")
    expect(answers(page)).to_have_count(1)
    expect(note(page, t(language, DRILL_TITLES[drill]))).to_have_count(0)
    settled(page)
    (body,) = demo.take_bodies()
    assert (body["model"], texts_of(body)) == ("demo", [hello])
    # JSON mode, which the drill of endless blanks needs, is as it was.
    assert "response_format" not in body
    expect(page.locator("#json-mode input")).to_be_checked(checked=False)
    expect(page.locator("#drill input:checked")).to_have_count(0)


def test_a_reasoner_shows_its_working_and_then_closes_it(pages: dict[Language, Page], demo: Demo) -> None:
    page = pages["en"]
    begin_anew(page)
    page.locator("#model input").click()
    page.get_by_role("option", name="demo-reasoner").click()
    send(page, "What is 12 * 12?")
    expect(answers(page)).to_contain_text("144")
    reasoning = note(page, t("en", "chat.reasoning"))
    expect(reasoning).to_be_visible()
    expect(reasoning.locator(".title + div")).to_have_count(0)
    reasoning.locator(".title").click()
    expect(reasoning.locator(".title + div")).not_to_be_empty()
    page.locator("#model input").click()
    page.get_by_role("option", name="demo", exact=True).click()


# --- how it looks -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("width", "theme", "language"),
    [(390, "dark", "ko"), (1440, "light", "ko"), (390, "light", "en"), (1440, "dark", "en")],
)
def test_the_first_screen_fits_and_is_worked_by_keyboard(
    tabs: Tabs, demo: Demo, width: int, theme: str, language: Language
) -> None:
    height = 844 if width < 768 else 900
    page = tabs.blank(LOCALES[language])
    page.set_viewport_size({"width": width, "height": height})
    visit(page, f"{demo.address}?__theme={theme}", model="demo")
    page.wait_for_selector("html:not(.translating)")
    expect(page.locator(".promise")).to_have_text(t(language, "first.promise"))
    cards = page.locator("[data-card]")
    expect(cards).to_have_count(6)

    def boxes() -> list[FloatRect]:
        return [place for at in range(6) if (place := cards.nth(at).bounding_box())]

    # The sidebar slides in, and the cards with it.
    eventually(page, lambda: len({round(place["x"]) for place in boxes()}), 1 if width < 768 else 3)
    places = boxes()
    assert len(places) == 6
    sending = page.locator("#message-box").bounding_box()
    assert sending is not None
    # All of them are in sight, above the box, and nothing runs over the edge.
    assert max(place["y"] + place["height"] for place in places) <= sending["y"]
    assert max(place["x"] + place["width"] for place in places) <= width
    assert sending["y"] + sending["height"] <= height
    fits(page)
    clipped = "(cards) => cards.some((card) => card.scrollWidth > card.clientWidth)"
    assert not cards.evaluate_all(clipped)
    # From card to card by Tab, and off with Enter.
    cards.first.focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(card(page, "memory")).to_be_focused()
    assert card(page, "memory").evaluate("card => getComputedStyle(card).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    expect(note(page, t(language, "card.note"))).to_be_visible()
    settled(page)
    fits(page)
    page.locator(".use-my-key").click()
    expect(page.locator("#api-key input")).to_be_focused()
    expect(page.locator("#api-key input")).to_be_in_viewport()


# At the moment in which a page of another language comes into sight: what the tabs are called.
TABS_WHEN_SHOWN = """() => {
    let hidden = false;
    window.tabsWhenShown = null;
    new MutationObserver(() => {
        const translating = document.documentElement.classList.contains("translating");
        if (hidden && !translating)
            window.tabsWhenShown ??= [...document.querySelectorAll("[role=tab]")].map((tab) => tab.innerText.trim());
        hidden = translating;
    }).observe(document, { subtree: true, attributes: true, attributeFilter: ["class"] });
}"""


@pytest.mark.parametrize("width", [390, 1440])
def test_a_korean_page_comes_into_sight_when_it_is_korean_to_the_last_tab(
    browser: Browser, demo: Demo, width: int
) -> None:
    with browser.new_context(locale="ko-KR", viewport={"width": width, "height": 844}) as context:
        page = context.new_page()
        page.add_init_script(f"({TABS_WHEN_SHOWN})()")
        visit(page, demo.address, model="demo")
        shown = page.evaluate("window.tabsWhenShown")
    assert shown
    assert [title for title in shown if not HANGUL.search(title)] == []


# --- in the middle of a card, against a scripted server ---------------------------------------------------------------

ANSWER = "Hello there."


@dataclass(frozen=True)
class Stage:
    """The app on a scripted server of the owner's."""

    address: str
    server: ScriptedServer

    def plays(self, script: Script) -> None:
        self.server.script = script
        self.server.requests.clear()

    @property
    def sent(self) -> list[list[str]]:
        return [texts_of(exchange.body) for exchange in self.server.requests]


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with (
        ScriptedServer() as server,
        launched(Connection("custom", server.base_url, "sk-owner-1234567890"), Settings(clocks=CALM)) as address,
    ):
        yield Stage(address, server)


@pytest.fixture(scope="module")
def staged(stage: Stage, browser: Browser, browser_thread: ThreadPoolExecutor) -> Iterator[Page]:
    def opened() -> Page:
        page = browser.new_page(locale="en-US", viewport={"width": 1440, "height": 900})
        visit(page, stage.address)
        return page

    page = browser_thread.submit(opened).result()
    yield page
    browser_thread.submit(page.close).result()


NAME, WHO = t("en", "ask.my_name_is"), t("en", "ask.my_name")


def test_a_real_connection_has_cards_and_no_drills(staged: Page, stage: Stage, browser: Browser) -> None:
    stage.plays(play.answer("Hello", " there", "."))
    begin_anew(staged)
    expect(staged.locator("#drills")).to_have_count(0)
    expect(staged.locator(".use-my-key")).to_have_count(0)
    play_card(staged, "memory", "en")
    assert stage.sent == [[NAME], [NAME, ANSWER, WHO], [WHO]]


def test_stop_ends_a_card_and_puts_the_controls_back(staged: Page, stage: Stage) -> None:
    stage.plays(play.in_turn(play.answer("Fine."), play.hold_after("Half an")))
    begin_anew(staged)
    before = controls(staged)
    card(staged, "temperature").click()
    expect(answers(staged).last).to_have_text("Half an")
    expect(staged.locator('#temperature input[type="number"]')).to_have_value("1")
    box(staged).fill("written meanwhile")
    box(staged).press("Enter")
    staged.locator("#message-box .stop-button").click()
    expect(note(staged, t("en", "note.stopped.title"))).to_be_visible()
    settled(staged)
    expect(staged.locator("#own-temperature input")).to_be_checked(checked=False)
    eventually(staged, lambda: controls(staged), before)
    assert [exchange.body["temperature"] for exchange in stage.server.requests] == [0.3, 1.0]
    expect(note(staged, t("en", "card.note"))).to_have_count(0)
    # What was written meanwhile was not sent, and is not lost.
    expect(box(staged)).to_have_value("written meanwhile")
    stage.plays(play.answer("Later."))
    box(staged).press("Enter")
    expect(answers(staged).last).to_have_text("Later.")
    settled(staged)
    assert "temperature" not in stage.server.requests[0].body


def test_a_new_chat_leaves_a_card_and_another_can_begin_at_once(staged: Page, stage: Stage) -> None:
    stage.plays(play.in_turn(play.answer("Fine."), play.hold_after("Half"), play.answer("Hello", " there", ".")))
    begin_anew(staged)
    before = controls(staged)
    card(staged, "temperature").click()
    expect(answers(staged).last).to_have_text("Half")
    begin_anew(staged)
    expect(staged.locator("#own-temperature input")).to_be_checked(checked=False)
    eventually(staged, lambda: controls(staged), before)
    play_card(staged, "memory", "en")
    assert stage.sent[2:] == [[NAME], [NAME, ANSWER, WHO], [WHO]]
    expect(note(staged, t("en", "note.stopped.title"))).to_have_count(0)
    eventually(staged, lambda: controls(staged), before)


def test_an_answer_that_fails_is_the_end_of_its_card(staged: Page, stage: Stage) -> None:
    stage.plays(play.in_turn(play.answer("Fine."), play.error(401, "No.", "invalid_api_key")))
    begin_anew(staged)
    before = controls(staged)
    card(staged, "temperature").click()
    expect(note(staged, t("en", "error.key_refused.title"))).to_be_visible()
    settled(staged)
    assert len(stage.server.requests) == 2
    expect(note(staged, t("en", "card.note"))).to_have_count(0)
    expect(option(staged, t("en", "action.leave_drill"))).to_have_count(0)
    expect(staged.locator("#own-temperature input")).to_be_checked(checked=False)
    eventually(staged, lambda: controls(staged), before)


def test_two_clicks_on_cards_run_one(staged: Page, stage: Stage) -> None:
    stage.plays(play.answer("Hello", " there", "."))
    begin_anew(staged)
    staged.evaluate(
        "['tale', 'tale', 'shapes'].forEach((name) => document.querySelector(`[data-card=${name}]`).click())"
    )
    expect(note(staged, t("en", "card.note"))).to_be_visible()
    settled(staged)
    expect(questions(staged)).to_have_count(1)
    assert len(stage.server.requests) == 1


def test_an_ordinary_message_is_two_events(staged: Page, stage: Stage) -> None:
    gate = threading.Event()
    stage.plays(gated(gate, "Hello", " there."))
    begin_anew(staged)
    joined: list[str] = []

    def hear(request: Request) -> None:
        if "queue/join" in request.url:
            joined.append(request.post_data or "")

    with hearing(staged, "request", hear):
        box(staged).fill("Hi")
        box(staged).press("Enter")
        expect(answers(staged)).to_have_text("Hello")
        assert len(joined) == 1
        gate.set()
        settled(staged)
    assert len(joined) == 2
    assert stage.sent == [["Hi"]]


# The last one: what follows a switch of the language goes on for a while.
def test_the_language_switched_in_the_middle_of_a_card_keeps_the_chat(staged: Page, stage: Stage) -> None:
    gate = threading.Event()
    stage.plays(play.in_turn(gated(gate, "Hello", " there."), play.answer("Hello", " there", ".")))
    begin_anew(staged)
    card(staged, "memory").click()
    expect(answers(staged)).to_have_text("Hello")
    switch_language(staged, "ko")
    gate.set()
    expect(note(staged, t("ko", "card.note"))).to_be_visible()
    settled(staged)
    assert texts_of(stage.server.requests[0].body) == [NAME]
    expect(questions(staged)).to_have_count(3)
    expect(answers(staged)).to_have_text([ANSWER] * 3)
    begin_anew(staged)
    expect(staged.locator(".promise")).to_have_text(t("ko", "first.promise"))
    switch_language(staged, "en")
    expect(staged.locator(".promise")).to_have_text(t("en", "first.promise"))
