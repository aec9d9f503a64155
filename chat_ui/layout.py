"""The page: sidebar, tabs, and the wiring between them. Tabs do not know each other; this module knows them all."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import gradio as gr
from gradio.events import Dependency

from chat_core.connections import Connection
from chat_core.job_store import JobStore
from chat_core.settings import Settings
from chat_ui import (
    api,
    camera,
    chat_tab,
    describe_tab,
    extract_api,
    extract_tab,
    gates,
    gradio_messages,
    inspect_tab,
    look,
    sidebar,
    usage_tab,
)
from chat_ui.controls import from_values
from chat_ui.gradio_inside import LAST, QUIET, english_words
from chat_ui.localize import Localizer
from chat_ui.meter import ON_LOAD as METER_ON_LOAD
from chat_ui.meter import measure
from chat_ui.texts import LANGUAGES, TEXTS, Language, t
from chat_ui.visit import Visit

# What the page script looks at to see whether the page has been translated.
SEEN_FIRST = ("chat.new", "tab.chat", "tab.describe", "tab.extract", "tab.usage", "tab.inspect")
# Larger uploads are cut off with Gradio's words; up to this size ours say what is too large, in both languages.
LARGEST_UPLOAD = "64mb"
# Uploads and pictures are swept each hour, those older than six hours go.
SWEEP = (3600, 6 * 3600)


@dataclass(frozen=True, slots=True)
class App:
    """The page, and how it has to be launched to look and behave as it should."""

    page: gr.Blocks
    launch_options: dict[str, Any]


def build_app(settings: Settings, connection: Connection) -> App:
    """The whole page. ``connection``: serves every visitor who does not type one of their own."""
    words = Localizer("en")
    store = JobStore(settings.jobs_dir)
    with gr.Blocks(
        title="Vitrine", fill_height=True, fill_width=True, analytics_enabled=False, delete_cache=SWEEP
    ) as page:
        visit = gr.State(Visit())
        reference = usage_tab.reference_picker(words)
        with gr.Row(elem_id="top", equal_height=True):
            gr.HTML('<h1 class="brand">Vitrine</h1>', padding=False)
            chip = gr.HTML(sidebar.connection_chip(connection, words.language), elem_id="top-connection", padding=False)
            language = gr.Radio(
                choices=[("한국어", "ko"), ("English", "en")],
                value=words.language,
                show_label=False,
                label="Language · 언어",
                container=False,
                elem_id="language",
                scale=0,
                min_width=170,
            )
        # Gradio works off what listens to one change one after the other. What follows the first listener need not wait
        # for the others: the new words are there after one way to the server and back.
        switched = language.change(
            None, language, None, js="(code) => window.vitrine.setLanguage(code)", api_visibility="private"
        )
        with gr.Sidebar(open=True, width=320, elem_id="sidebar"):
            side = sidebar.build(page, words, visit, language, chip, settings, connection)
        with gr.Tabs() as tabs:
            with words.add(gr.Tab(id="chat"), label="tab.chat"):
                around = chat_tab.Around(
                    side.new_chat,
                    side.model,
                    side.persona,
                    side.json_mode,
                    side.max_tokens,
                    side.inputs,
                    side.presets,
                    reference,
                    tabs,
                )
                chat = chat_tab.build(words, visit, language, around, settings, connection)
                opening = camera.build(words, chat.box)
                pictures = gr.HTML(elem_id="draft-pictures", elem_classes="chat-column", padding=False)
                with gr.Row(elem_id="below-box", elem_classes="chat-column"):
                    opening.render()
                    meter = gr.HTML(elem_id="meter", padding=False, js_on_load=METER_ON_LOAD)
            with words.add(gr.Tab(id="describe"), label="tab.describe") as describe:
                beside = describe_tab.Around(describe, side.model, reference, chat.chatbot, chat.screen, tabs)
                described = describe_tab.build(words, visit, language, beside, settings, connection)
            with words.add(gr.Tab(id="extract"), label="tab.extract") as extract:
                beside_extract = extract_tab.Around(extract, side.model, reference)
                extract_tab.build(words, visit, language, beside_extract, settings, connection, store)
            with words.add(gr.Tab(id="usage"), label="tab.usage") as usage:
                used = usage_tab.build(words, visit, language, reference, settings)
            with words.add(gr.Tab(id="inspect"), label="tab.inspect") as inspect:
                inspected = inspect_tab.build(words, visit, language)
        api.build(visit, settings, connection)
        extract_api.build(visit, settings, connection)

        async def measure_draft(value: object, state: Visit, lang: Language, model: str, *values: Any) -> Any:
            if state.busy and gradio_messages.draft(value).empty:
                # The box was emptied by sending; the end of the answer will measure anew.
                return gr.skip(), ""
            where, controls = state.connection(connection), from_values(*values)
            shown = await measure(value, state, where, controls, lang, model, settings.won_per_dollar)
            return shown.line, shown.pictures

        def ledger(state: Visit, lang: Language, model: str) -> str:
            return usage_tab.ledger_html(state.ledger, lang, model, settings.won_per_dollar)

        def counts(text: str, lang: Language, model: str) -> str:
            return usage_tab.counts_html(text, lang, model, settings.won_per_dollar)

        measured = [chat.box, visit, language, reference, *side.inputs]
        changes = [
            page.load,
            chat.box.change,
            language.change,
            reference.change,
            *(control.change for control in side.inputs),
        ]
        gr.on(changes, measure_draft, measured, [meter, pictures], **LAST)
        for event in [*chat.settled, *chat.changed, *described.changed]:
            event.then(measure_draft, measured, [meter, pictures], **LAST)
        for event in chat.settled:
            event.then(ledger, [visit, language, reference], used.table, **LAST)
        usage.select(ledger, [visit, language, reference], used.table, queue=False, **QUIET)
        usage.select(counts, [used.text, language, reference], used.counts, queue=False, **QUIET)
        chat.cards.select(usage_tab.tell_story, None, [tabs, used.text, used.story], queue=False, **QUIET).then(
            None, None, None, js="() => window.vitrine.showStory()", api_visibility="private"
        )
        meter.click(chat_tab.take_old_pictures, [chat.chatbot, chat.box], chat.box, queue=False, **QUIET)
        used.back.click(lambda: gr.update(selected="chat"), None, tabs, queue=False, **QUIET)
        inspect.select(inspect_tab.refresh, [visit, language], inspected.outputs, **QUIET)
        _wire_language(page, words, language, switched)
    page.queue(max_size=None, default_concurrency_limit=None)
    return App(page, _launch_options(store))


def _wire_language(page: gr.Blocks, words: Localizer, language: gr.Radio, switched: Dependency) -> None:
    """The switch; at first the language of the browser, or the one chosen last."""
    page.load(None, None, language, js="() => window.vitrine.language()", api_visibility="private")
    switched.then(words.updates, language, words.blocks, **LAST)


def _launch_options(store: JobStore) -> dict[str, Any]:
    """What ``launch()`` needs besides a port: look, page script, gates, and Gradio's recorders switched off."""
    return {
        "theme": look.theme(),
        "css": look.css(),
        "head": look.head(_literals(), [t("en", key) for key in SEEN_FIRST]),
        "i18n": english_words(),
        "app_kwargs": {"middleware": gates.middleware(), "lifespan": partial(_swept, store)},
        "max_file_size": LARGEST_UPLOAD,
        "run_history": False,
        "enable_monitoring": False,
        "footer_links": [],
        "show_error": False,
        "share": False,
        "ssr_mode": False,
        "pwa": False,
        "max_threads": 80,
    }


@asynccontextmanager
async def _swept(store: JobStore, _: object) -> AsyncIterator[None]:
    """While the app runs, finished rows that nobody has come back for are deleted after a day."""
    sweeping = asyncio.create_task(store.keep_swept())
    try:
        yield
    finally:
        sweeping.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await sweeping


def _literals() -> dict[str, dict[str, str]]:
    """For the page script: words that Gradio writes in English -> ours, in each language."""
    pairs = {english: TEXTS[f"literal.{english.lower().replace(' ', '_')}"] for english in _GRADIO_WORDS}
    return {code: {english: pair[place] for english, pair in pairs.items()} for place, code in enumerate(LANGUAGES)}


_GRADIO_WORDS = (
    "Submit",
    "Stop",
    "Upload a file",
    "Remove file",
    "Uploaded files",
    "File thumbnail",
    "File upload",
    "Uploading",
    "Click to upload or drop files",
    "Multimedia input field",
    "Copy message",
    "Copied message",
    "Copy",
    "Download",
    "Share",
    "Fullscreen",
    "Retry",
    "Undo",
    "Edit",
    "Scroll down",
    "Toggle Sidebar",
    "More tabs",
    "chatbot conversation",
    "Loading response",
    "Click to Access Webcam",
    "Drop an image file here to upload",
    "capture photo",
    # Not Gradio's, but asked by the page script.
    "Clear all descriptions",
    "Delete rows and answers",
    "Warning",
    "Info",
    "Error",
    "Close",
)
