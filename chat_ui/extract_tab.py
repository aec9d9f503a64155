"""Extract JSON: texts and pictures in, data that keeps a schema out.

Widgets and their wiring. What the events do is in ``extractor``.
"""

from dataclasses import dataclass
from functools import partial
from typing import Any

import gradio as gr
from gradio.events import Dependency

from chat_core import extracting
from chat_core.connections import Connection
from chat_core.job_store import JobStore
from chat_core.settings import Settings
from chat_ui import batch_part, model_picker
from chat_ui.batcher import Batcher
from chat_ui.extract_job import LONGEST_INSTRUCTIONS, LONGEST_TEXT
from chat_ui.extractor import Extractor, Form
from chat_ui.gradio_inside import LAST, QUIET, uploads
from chat_ui.localize import Localizer
from chat_ui.texts import Language

OFTEN: dict[str, Any] = {"trigger_mode": "multiple", "queue": False, **QUIET}

# The table of fields: what is typed is sent when the typing rests, a row more or less at once. Each change is kept as
# an attribute, so that the next drawing finds nothing to change.
FIELDS_ON_LOAD = """
const rows = () => [...element.querySelectorAll("tbody tr")].map((row) => {
  const texts = [...row.querySelectorAll("[data-field]")].map((cell) => [cell.dataset.field, cell.value]);
  const switches = [...row.querySelectorAll("[data-switch]")];
  const pressed = switches.map((button) => [button.dataset.switch, button.getAttribute("aria-pressed") === "true"]);
  return Object.fromEntries([...texts, ...pressed]);
});
let resting;
const send = () => {
  clearTimeout(resting);
  resting = undefined;
  trigger("edit", { rows: rows() });
};
const typed = () => {
  clearTimeout(resting);
  resting = setTimeout(send, 250);
};
// Who leaves the table may press Extract next: that asks for what stands here now.
element.addEventListener("focusout", (event) => {
  if (resting && !element.contains(event.relatedTarget)) send();
});
const changed = (all) => {
  clearTimeout(resting);
  resting = undefined;
  trigger("select", { rows: all });
};
element.addEventListener("input", (event) => {
  const cell = event.target.closest("[data-field]");
  if (!cell) return;
  cell.setAttribute("value", cell.value);
  typed();
});
element.addEventListener("click", (event) => {
  const toggle = event.target.closest("[data-switch]");
  if (toggle) {
    toggle.setAttribute("aria-pressed", String(toggle.getAttribute("aria-pressed") !== "true"));
    typed();
    return;
  }
  const button = event.target.closest("[data-do]");
  if (button?.dataset.do === "add-row") {
    changed([...rows(), { name: "", type: "string", description: "", required: true, is_list: false, choices: "" }]);
  } else if (button?.dataset.do === "remove-row") {
    const place = Number(button.closest("[data-row]").dataset.row);
    changed(rows().filter((_, index) => index !== place));
  }
});
"""
SOURCES_ON_LOAD = """
element.addEventListener("click", (event) => {
  const button = event.target.closest('[data-do="remove-source"]');
  if (button) trigger("delete", { key: button.closest("[data-key]").dataset.key });
});
"""
# A value leads to the words that it was taken from.
RESULT_ON_LOAD = """
element.addEventListener("click", (event) => {
  const value = event.target.closest("[data-at]");
  if (!value) return;
  for (const old of document.querySelectorAll("#extract-marked mark.shown")) old.classList.remove("shown");
  const marks = [...document.querySelectorAll("#extract-marked mark")];
  const mark = marks.find((each) => JSON.parse(each.dataset.of).includes(value.dataset.at));
  if (!mark) return;
  mark.closest("details").open = true;
  mark.classList.add("shown");
  mark.scrollIntoView({ block: "center" });
});
"""
DOWNLOAD = "() => window.vitrine.download('extract-download')"
COPY = "(text) => window.vitrine.copy(text)"


@dataclass(frozen=True, slots=True)
class Around:
    """What the tab needs of the page around it. ``tab``: itself.  ``model``: that of the sidebar.  ``reference``: the
    model that free answers are compared with."""

    tab: gr.Tab
    model: gr.Dropdown
    reference: gr.Dropdown


@dataclass(frozen=True, slots=True)
class Widgets:
    """All that the events set or read."""

    text: gr.Textbox
    example: gr.Button
    files: gr.File
    urls: gr.Textbox
    add: gr.Button
    picture: gr.Button
    sources: gr.HTML
    preset: gr.Dropdown
    fields: gr.HTML
    checks: gr.HTML
    strict: gr.Button
    schema: gr.Code
    instructions: gr.Textbox
    model: gr.Dropdown
    estimate: gr.HTML
    start: gr.Button
    stop: gr.Button
    view: gr.Radio
    status: gr.HTML
    result: gr.HTML
    actions: gr.Row
    copy: gr.Button
    save: gr.Button
    marked: gr.HTML
    code: gr.Code
    save_code: gr.Button
    copied: gr.Textbox
    download: gr.DownloadButton

    @property
    def asking(self) -> list[Any]:
        return [self.text, self.instructions, self.model]

    @property
    def wanted(self) -> list[Any]:
        return [self.schema, self.fields, self.checks, self.strict]

    @property
    def shown(self) -> list[Any]:
        return [self.status, self.result, self.marked]

    @property
    def ready(self) -> list[Any]:
        return [self.estimate, self.start, self.stop, self.code, self.actions]


def build(
    words: Localizer,
    visit: gr.State,
    language: gr.Radio,
    around: Around,
    settings: Settings,
    app: Connection,
    store: JobStore,
) -> None:
    """Draw the tab into the current block and wire it. ``store``: where the answers of a batch are kept."""
    with gr.Column(elem_classes="sheet extract"):
        words.add(gr.Markdown(), value="extract.heading.md")
        mode = words.add(
            gr.Radio(
                _MODES, value="one", elem_id="extract-mode", elem_classes="pills", container=False, show_label=False
            ),
            choices=_MODES,
            label="extract.mode",
        )
        with gr.Row(elem_id="extract-form"):
            with gr.Column(min_width=280, scale=4, elem_id="extract-sources"):
                with gr.Column() as one_source:
                    sources = _sources(words)
                with gr.Column(visible=False) as many_sources:
                    rows = batch_part.sources(words)
            with gr.Column(min_width=320, scale=7, elem_id="extract-wanted"):
                wanted = _wanted(words)
            with gr.Column(min_width=300, scale=5, elem_id="extract-answer"):
                words.add(gr.Markdown(), value="extract.result.md")
                model = model_picker.build(words, "extract-model")
                with gr.Column() as one_answer:
                    answer = _answer(words)
                with gr.Column(visible=False) as many_answers:
                    running = batch_part.running(words)
        with gr.Column(visible=False, elem_id="batch-results") as many_results:
            results = batch_part.results(words)
        download = gr.DownloadButton(visible="hidden", elem_id="extract-download")
        copied = gr.Textbox(visible=False)
    widgets = Widgets(**sources, **wanted, **answer, model=model, copied=copied, download=download)
    extractor = Extractor(settings, app)
    changed = _wire(widgets, extractor, visit, language, around)
    beside = _beside(widgets, mode, extractor, visit, language, around)
    wiring = batch_part.Wiring(rows, running, results, beside, visit, language)
    batch_part.wire(wiring, Batcher(settings, app, store), changed)
    parts = {"one": [one_source, one_answer], "batch": [many_sources, many_answers, many_results]}
    mode.change(partial(_seen, parts), mode, [part for each in parts.values() for part in each], queue=False, **QUIET)


def _seen(parts: dict[str, list[gr.Column]], mode: str) -> list[Any]:
    """Show the parts of this mode, and those of the other one not."""
    return [gr.update(visible=name == mode) for name, each in parts.items() for _ in each]


def _beside(
    widgets: Widgets, mode: gr.Radio, extractor: Extractor, visit: gr.State, language: gr.Radio, around: Around
) -> batch_part.Around:
    """What the batch needs of the tab."""
    shown_in = [visit, language]
    chosen = [*widgets.wanted, widgets.instructions, widgets.picture]
    return batch_part.Around(
        around.tab,
        mode,
        around.reference,
        widgets.preset,
        widgets.instructions,
        widgets.model,
        chosen=batch_part.Refill(extractor.begin_with, [widgets.preset, *shown_in], chosen),
        wanted=batch_part.Refill(extractor.redraw, shown_in, widgets.wanted),
    )


def preset_choices(language: Language) -> list[tuple[str, str]]:
    """The presets as a list shows them."""
    return [(preset.name.text(language), preset.id) for preset in extracting.load_presets()]


def _html(name: str, script: str | None = None) -> gr.HTML:
    return gr.HTML(elem_id=f"extract-{name}", js_on_load=script, apply_default_css=False, padding=False)


def _sources(words: Localizer) -> dict[str, Any]:
    words.add(gr.Markdown(), value="extract.source.md")
    text = words.add(
        gr.Textbox(lines=9, max_lines=16, max_length=LONGEST_TEXT, elem_id="extract-text"),
        label="extract.text",
        placeholder="extract.text_placeholder",
    )
    with gr.Row(elem_classes="small-buttons"):
        example = words.add(gr.Button(size="sm", elem_id="extract-example"), value="extract.example")
        picture = words.add(gr.Button(size="sm", visible=False, elem_id="extract-picture"), value="extract.picture")
    files = words.add(
        uploads(file_count="multiple", elem_id="extract-files", elem_classes="drop-field", height=150),
        label="extract.files",
    )
    urls = words.add(
        gr.Textbox(lines=1, max_lines=5, max_length=100_000, elem_id="extract-urls"),
        label="extract.urls",
        placeholder="describe.urls_placeholder",
    )
    with gr.Row(elem_classes="small-buttons"):
        add = words.add(gr.Button(size="sm", elem_id="extract-add"), value="describe.add")
    sources = _html("list", SOURCES_ON_LOAD)
    return {
        "text": text,
        "example": example,
        "picture": picture,
        "files": files,
        "urls": urls,
        "add": add,
        "sources": sources,
    }


def _wanted(words: Localizer) -> dict[str, Any]:
    first = extracting.load_presets()[0]
    words.add(gr.Markdown(), value="extract.wanted.md")
    preset = words.add(
        gr.Dropdown(preset_choices(words.language), value=first.id, elem_id="extract-preset"),
        label="extract.preset",
        choices=preset_choices,
    )
    fields = _html("fields", FIELDS_ON_LOAD)
    checks = _html("checks")
    with gr.Row(elem_classes="small-buttons"):
        strict = words.add(gr.Button(size="sm", visible=False, elem_id="extract-strict"), value="extract.make_strict")
    with words.add(gr.Accordion(open=False, elem_id="extract-schema-part"), label="extract.schema"):
        schema = gr.Code(
            language="json", elem_id="extract-schema", max_lines=24, show_label=False, interactive=True, wrap_lines=True
        )
    with words.add(gr.Accordion(open=False, elem_id="extract-instructions-part"), label="extract.instructions"):
        instructions = words.add(
            gr.Textbox(
                first.instructions.text(words.language),
                lines=3,
                max_lines=8,
                max_length=LONGEST_INSTRUCTIONS,
                elem_id="extract-instructions",
                show_label=False,
            ),
            label="extract.instructions",
            info="extract.instructions_info",
        )
    return {
        "preset": preset,
        "fields": fields,
        "checks": checks,
        "strict": strict,
        "schema": schema,
        "instructions": instructions,
    }


def _answer(words: Localizer) -> dict[str, Any]:
    estimate = _html("estimate")
    with gr.Row(elem_id="extract-run"):
        start = words.add(
            gr.Button(variant="primary", interactive=False, elem_id="extract-start"), value="extract.start"
        )
        stop = words.add(gr.Button(visible=False, elem_id="extract-stop"), value="describe.stop")
    status = _html("status")
    view = words.add(
        gr.Radio(_VIEWS, value="tree", elem_id="extract-view", elem_classes="pills", container=False, show_label=False),
        choices=_VIEWS,
        label="extract.view",
    )
    result = _html("result", RESULT_ON_LOAD)
    with gr.Row(visible=False, elem_classes="small-buttons", elem_id="extract-actions") as actions:
        copy = words.add(gr.Button(size="sm", elem_id="extract-copy"), value="describe.copy")
        save = words.add(gr.Button(size="sm", elem_id="extract-save"), value="extract.save")
    marked = _html("marked")
    with words.add(gr.Accordion(open=False, elem_id="extract-code-part"), label="extract.code"):
        words.add(gr.Markdown(elem_classes="quiet"), value="extract.code.md")
        code = gr.Code(language="python", elem_id="extract-code", max_lines=30, show_label=False, interactive=False)
        with gr.Row(elem_classes="small-buttons"):
            save_code = words.add(gr.Button(size="sm", elem_id="extract-save-code"), value="extract.save_code")
    return {
        "estimate": estimate,
        "start": start,
        "stop": stop,
        "status": status,
        "view": view,
        "result": result,
        "actions": actions,
        "copy": copy,
        "save": save,
        "marked": marked,
        "code": code,
        "save_code": save_code,
    }


_MODES = [("extract.mode_one", "one"), ("extract.mode_batch", "batch")]
_VIEWS = [("extract.view_tree", "tree"), ("extract.view_table", "table"), ("extract.view_json", "json")]


# --- wiring -----------------------------------------------------------------------------------------------------------


def _wire(
    widgets: Widgets, extractor: Extractor, visit: gr.State, language: gr.Radio, around: Around
) -> list[Dependency]:
    """The events after which other things are wanted."""
    shown_in = [visit, language]
    ready_with = [visit, language, around.reference, *widgets.asking]
    chosen = [*widgets.wanted, widgets.instructions, widgets.picture]
    settled = [
        around.tab.select(extractor.fill, [widgets.preset, *shown_in], chosen, queue=False, **QUIET),
        widgets.preset.input(extractor.choose, [widgets.preset, *shown_in], chosen, queue=False, **QUIET),
        widgets.fields.edit(extractor.type_table, shown_in, [widgets.schema, widgets.checks, widgets.strict], **OFTEN),
        widgets.fields.select(extractor.change_table, shown_in, widgets.wanted, **OFTEN),
        widgets.schema.input(extractor.type_schema, [widgets.schema, *shown_in], widgets.wanted[1:], **LAST),
        widgets.strict.click(extractor.make_strict, shown_in, widgets.wanted, queue=False, **QUIET),
        widgets.start.click(extractor.start, ready_with, [*widgets.shown, widgets.start, widgets.stop], **QUIET),
        *_wire_sources(widgets, extractor, visit, language),
        language.change(
            extractor.follow_language,
            [widgets.preset, widgets.text, widgets.instructions, *shown_in],
            [*widgets.wanted, widgets.instructions, widgets.text],
            queue=False,
            **QUIET,
        ),
    ]
    for event in settled:
        event.then(extractor.ready, ready_with, widgets.ready, **LAST)
    changes = [around.reference.change, *(widget.change for widget in widgets.asking)]
    gr.on(changes, extractor.ready, ready_with, widgets.ready, **LAST)
    redrawn = [around.tab.select, widgets.view.change, language.change, around.reference.change]
    gr.on(redrawn, extractor.shown, [widgets.view, *shown_in, around.reference], widgets.shown, **LAST)
    widgets.stop.click(extractor.stop, visit, None, queue=False, **QUIET)
    _wire_files(widgets, extractor, visit)
    model_picker.wire(widgets.model, around.model, around.tab, visit)
    return settled


def _wire_sources(widgets: Widgets, extractor: Extractor, visit: gr.State, language: gr.Radio) -> list[Any]:
    """What fills the sources; the events after which there are others."""
    shown_in, often = [visit, language], {"trigger_mode": "multiple", **QUIET}
    language.change(extractor.sources, shown_in, widgets.sources, queue=False, **QUIET)
    widgets.example.click(extractor.example, [widgets.preset, language], widgets.text, queue=False, **QUIET)
    return [
        widgets.files.upload(
            extractor.take_files, [widgets.files, *shown_in], [widgets.files, widgets.sources], **often
        ),
        widgets.add.click(extractor.take_urls, [widgets.urls, *shown_in], [widgets.urls, widgets.sources], **often),
        widgets.picture.click(extractor.take_example_picture, [widgets.preset, *shown_in], widgets.sources, **often),
        widgets.sources.delete(extractor.remove_source, shown_in, widgets.sources, **OFTEN),
    ]


def _wire_files(widgets: Widgets, extractor: Extractor, visit: gr.State) -> None:
    """What is done with a result."""
    copied = widgets.copy.click(extractor.data_text, visit, widgets.copied, queue=False, **QUIET)
    copied.then(None, widgets.copied, None, js=COPY, api_visibility="private")
    files: list[tuple[Form, gr.Button]] = [("json", widgets.save), ("code", widgets.save_code)]
    for form, button in files:
        made = button.click(partial(extractor.download, form), visit, widgets.download, queue=False, **QUIET)
        made.then(None, None, None, js=DOWNLOAD, api_visibility="private")
