"""The batch in the tab Extract JSON: many sources, the same fields of each, one row each.

Widgets and their wiring. What the events do is in ``batcher``, and for batches at a server in ``batch_remote``.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import gradio as gr

from chat_ui import row_exports
from chat_ui.batch_remote import RemoteBatcher
from chat_ui.batcher import Batcher
from chat_ui.gradio_inside import LAST, QUIET, uploads
from chat_ui.localize import Localizer
from chat_ui.row_intake import LONGEST_PASTE
from chat_ui.texts import t

OFTEN: dict[str, Any] = {"trigger_mode": "multiple", **QUIET}
FIRST_LIMIT_DOLLARS = 0.5
FIRST_LIMIT_ROWS = 1_000

SPLITTINGS = [
    ("batch.split_lines", "lines"),
    ("batch.split_paragraphs", "paragraphs"),
    ("batch.split_links", "links"),
]
SHOWN = [("batch.show_all", "all"), ("batch.show_problems", "problems")]
EXPORTS: list[tuple[str, row_exports.Format]] = [
    ("batch.export_csv", "csv"),
    ("batch.export_jsonl", "jsonl"),
    ("batch.export_failed", "failed"),
]

TABLE_ON_LOAD = """
element.addEventListener("click", (event) => {
  const button = event.target.closest("[data-do]");
  if (button?.dataset.do === "page") trigger("select", { page: button.dataset.page });
  const row = button?.closest("[data-key]");
  if (button?.dataset.do === "again") trigger("retry", { key: row.dataset.key });
  if (button?.dataset.do === "remove") trigger("delete", { key: row.dataset.key });
});
"""
DOWNLOAD = "() => window.vitrine.download('batch-download')"
KEEP_ID = "(id) => window.vitrine.keepBatch(id)"
KEPT_ID = "() => window.vitrine.keptBatch()"


@dataclass(frozen=True, slots=True)
class Refill:
    """A function with its inputs and outputs, for an event of its own."""

    run: Callable[..., Any]
    inputs: list[Any]
    outputs: list[Any]


@dataclass(frozen=True, slots=True)
class Sources:
    """The fields that rows come from."""

    text: gr.Textbox
    splitting: gr.Radio
    add: gr.Button
    example: gr.Button
    files: gr.File
    column: gr.Dropdown
    heads: gr.Checkbox


@dataclass(frozen=True, slots=True)
class Running:
    """What it will cost, the limits, the buttons and how far it is; and the part for batches at a server."""

    estimate: gr.HTML
    dollars: gr.Number
    most: gr.Number
    start: gr.Button
    stop: gr.Button
    again: gr.Button
    clear: gr.Button
    progress: gr.HTML
    remote: gr.Accordion
    save: gr.Button
    submit: gr.Button
    follow: gr.Button
    cancel: gr.Button
    remote_line: gr.HTML
    answers: gr.File

    @property
    def buttons(self) -> list[Any]:
        return [self.start, self.stop, self.again, self.clear]

    @property
    def remote_shown(self) -> list[Any]:
        """What ``RemoteBatcher.shown`` sets."""
        return [self.remote_line, self.submit, self.follow, self.cancel]


@dataclass(frozen=True, slots=True)
class Results:
    """The table and its files. ``job_id``: what the browser keeps."""

    shown: gr.Radio
    table: gr.HTML
    files: gr.Row
    forms: dict[row_exports.Format, gr.Button]
    download: gr.DownloadButton
    job_id: gr.Textbox


@dataclass(frozen=True, slots=True)
class Around:
    """What the batch needs of the tab around it.

    ``tab``: itself.  ``mode``: the switch to the batch.  ``reference``: the model that free answers are compared with.
    ``preset``, ``instructions``, ``model``: what is asked.  ``chosen``: what is to be filled anew where the preset is
    another.  ``wanted``: where what is wanted is.
    """

    tab: gr.Tab
    mode: gr.Radio
    reference: gr.Dropdown
    preset: gr.Dropdown
    instructions: gr.Textbox
    model: gr.Dropdown
    chosen: Refill
    wanted: Refill


def sources(words: Localizer) -> Sources:
    """Draw the fields that rows come from into the current block."""
    words.add(gr.Markdown(), value="batch.source.md")
    text = words.add(
        gr.Textbox(lines=7, max_lines=14, max_length=LONGEST_PASTE, elem_id="batch-text"),
        label="batch.text",
        placeholder="batch.text_placeholder",
    )
    splitting = words.add(
        gr.Radio(
            SPLITTINGS,
            value="lines",
            elem_id="batch-splitting",
            elem_classes="pills",
            show_label=False,
            container=False,
        ),
        choices=SPLITTINGS,
        label="batch.splitting",
    )
    with gr.Row(elem_classes="small-buttons"):
        add = words.add(gr.Button(size="sm", elem_id="batch-add"), value="batch.add")
        example = words.add(gr.Button(size="sm", elem_id="batch-example"), value="batch.example")
    files = words.add(
        uploads(file_count="multiple", elem_id="batch-files", elem_classes="drop-field", height=150),
        label="batch.files",
    )
    column = words.add(
        gr.Dropdown(choices=[], visible=False, elem_id="batch-column"), label="batch.column", info="batch.column_info"
    )
    heads = words.add(gr.Checkbox(value=True, visible=False, elem_id="batch-heads"), label="batch.heads")
    return Sources(text, splitting, add, example, files, column, heads)


def running(words: Localizer) -> Running:
    """Draw what runs it into the current block."""
    estimate = _html("estimate")
    with gr.Row(elem_id="batch-limits"):
        dollars = words.add(
            gr.Number(FIRST_LIMIT_DOLLARS, elem_id="batch-dollars", min_width=130), label="describe.limit_dollars"
        )
        most = words.add(
            gr.Number(FIRST_LIMIT_ROWS, precision=0, elem_id="batch-most", min_width=130), label="batch.limit_rows"
        )
    with gr.Row(elem_id="batch-run"):
        # Its words count the rows, and are set with them.
        start = gr.Button(t(words.language, "batch.start"), variant="primary", interactive=False, elem_id="batch-start")
        stop = words.add(gr.Button(visible=False, elem_id="batch-stop"), value="describe.stop")
        again = gr.Button(visible=False, elem_id="batch-again")
        clear = words.add(gr.Button(visible=False, elem_id="batch-clear"), value="batch.clear")
    progress = _html("progress")
    words.add(gr.Markdown(elem_classes="quiet"), value="batch.kept.md")
    with words.add(gr.Accordion(open=False, elem_id="batch-remote"), label="batch.remote") as remote:
        words.add(gr.Markdown(elem_classes="quiet"), value="batch.remote.md")
        with gr.Row(elem_classes="small-buttons"):
            save = words.add(gr.Button(size="sm", elem_id="batch-save"), value="batch.save")
            submit = words.add(gr.Button(size="sm", visible=False, elem_id="batch-submit"), value="batch.submit")
            follow = words.add(gr.Button(size="sm", visible=False, elem_id="batch-follow"), value="batch.follow")
            cancel = words.add(gr.Button(size="sm", visible=False, elem_id="batch-cancel"), value="batch.cancel")
        remote_line = _html("remote-line")
        answers = words.add(
            uploads(file_count="multiple", elem_id="batch-answers", elem_classes="drop-field", height=120),
            label="batch.answers",
        )
    return Running(
        estimate, dollars, most, start, stop, again, clear, progress, remote, save, submit, follow, cancel,
        remote_line, answers,
    )  # fmt: skip


def results(words: Localizer) -> Results:
    """Draw the table into the current block."""
    with gr.Row(visible=False, elem_id="batch-exports", equal_height=True) as files:
        shown = words.add(
            gr.Radio(
                SHOWN, value="all", elem_id="batch-shown", elem_classes="pills", show_label=False, container=False
            ),
            choices=SHOWN,
            label="batch.shown",
        )
        forms = {
            form: words.add(gr.Button(size="sm", min_width=80, scale=0, elem_id=f"batch-{form}"), value=key)
            for key, form in EXPORTS
        }
    table = _html("table", TABLE_ON_LOAD)
    download = gr.DownloadButton(visible="hidden", elem_id="batch-download")
    return Results(shown, table, files, forms, download, gr.Textbox(visible=False))


def _html(name: str, script: str | None = None) -> gr.HTML:
    return gr.HTML(elem_id=f"batch-{name}", js_on_load=script, apply_default_css=False, padding=False)


# --- wiring -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Wiring:
    """All that the events set or read, in the orders in which they do."""

    sources: Sources
    running: Running
    results: Results
    around: Around
    visit: gr.State
    language: gr.Radio

    @property
    def asking(self) -> list[Any]:
        return [self.around.instructions, self.around.model]

    @property
    def shown_in(self) -> list[Any]:
        return [self.visit, self.language, self.around.reference]

    @property
    def limits(self) -> list[Any]:
        return [self.running.dollars, self.running.most]

    @property
    def begun_with(self) -> list[Any]:
        return [*self.shown_in, *self.limits, *self.asking]

    @property
    def ready(self) -> list[Any]:
        """What ``Batcher.ready`` sets."""
        return [self.running.estimate, *self.running.buttons, self.results.files]

    @property
    def view(self) -> list[Any]:
        """What ``Batcher.view`` gives."""
        return [self.running.progress, self.results.table]


def wire(wiring: Wiring, batcher: Batcher, changed: Sequence[Any]) -> None:
    """Wire it. ``changed``: events of the tab after which other things are wanted."""
    running, results, begun_with = wiring.running, wiring.results, wiring.begun_with
    steps = [*wiring.view, *running.buttons, results.job_id]
    # An event beside the queue has no place for a toast: those that tell something wait in it.
    settled = [
        *_wire_sources(wiring, batcher),
        running.start.click(batcher.start, begun_with, steps, **QUIET),
        running.again.click(batcher.again, begun_with, steps, **QUIET),
        results.table.retry(batcher.again_one, begun_with, steps, **QUIET),
        running.clear.click(
            batcher.clear,
            wiring.shown_in[:2],
            [*wiring.view, results.job_id, wiring.sources.column, wiring.sources.heads],
            **QUIET,
        ),
        results.table.delete(batcher.remove, wiring.visit, wiring.view, **OFTEN),
        _wire_earlier(wiring, batcher),
        *_wire_remote(wiring, batcher, RemoteBatcher(batcher)),
    ]
    for event in [*settled, *changed]:
        event.then(batcher.ready, begun_with, wiring.ready, **LAST)
    changes = [widget.change for widget in (wiring.around.reference, *wiring.limits, *wiring.asking)]
    gr.on(changes, batcher.ready, begun_with, wiring.ready, **LAST)
    running.stop.click(batcher.stop, wiring.visit, None, queue=False, **QUIET)
    redrawn = [results.shown.change, wiring.language.change, wiring.around.reference.change]
    gr.on(redrawn, batcher.shown, [results.shown, *wiring.shown_in], wiring.view, **LAST)
    results.table.select(batcher.turn_page, wiring.visit, results.table, queue=False, **QUIET)
    for form, button in results.forms.items():
        made = button.click(partial(batcher.export, form), [wiring.visit, wiring.language], results.download, **QUIET)
        made.then(None, None, None, js=DOWNLOAD, api_visibility="private")


def _wire_sources(wiring: Wiring, batcher: Batcher) -> list[Any]:
    sources, intake, shown_in = wiring.sources, batcher.intake, [wiring.visit, wiring.language]
    example = sources.example.click(
        intake.example,
        wiring.language,
        [sources.text, sources.splitting, wiring.around.preset],
        queue=False,
        **QUIET,
    )
    chosen = wiring.around.chosen
    return [
        example.then(chosen.run, chosen.inputs, chosen.outputs, queue=False, **QUIET),
        sources.add.click(
            intake.take_text, [sources.text, sources.splitting, *shown_in], [sources.text, *wiring.view], **OFTEN
        ),
        sources.files.upload(
            intake.take_files,
            [sources.files, sources.heads, *shown_in],
            [sources.files, sources.column, sources.heads, *wiring.view],
            **OFTEN,
        ),
        sources.column.input(
            intake.choose_column, [sources.column, *shown_in], [sources.column, *wiring.view], **QUIET
        ),
        sources.heads.input(
            intake.choose_heads,
            [sources.heads, *shown_in],
            [sources.column, sources.heads, *wiring.view],
            **QUIET,
        ),
    ]


def _wire_earlier(wiring: Wiring, batcher: Batcher) -> Any:
    """A batch whose id the browser has kept; and the id of the one that is begun."""
    job_id, around = wiring.results.job_id, wiring.around
    job_id.change(None, job_id, None, js=KEEP_ID, api_visibility="private")
    asked_for = around.tab.select(None, None, job_id, js=KEPT_ID, api_visibility="private")
    found = asked_for.then(
        batcher.find,
        [job_id, wiring.results.shown, *wiring.shown_in],
        [*wiring.view, job_id, around.mode, around.preset, around.instructions, around.model],
        **QUIET,
    )
    wanted = around.wanted
    return found.then(wanted.run, wanted.inputs, wanted.outputs, queue=False, **QUIET)


def _wire_remote(wiring: Wiring, batcher: Batcher, remote: RemoteBatcher) -> list[Any]:
    """Batch files, and batches at a server; the events after which rows have other states."""
    running, results = wiring.running, wiring.results
    followed_with = [*wiring.shown_in, *wiring.asking]
    shown_with = [wiring.visit, wiring.language, *wiring.asking]
    steps = [*running.remote_shown, *wiring.view, results.job_id]
    running.remote.expand(remote.look, shown_with, running.remote_shown, **QUIET)
    saved = running.save.click(remote.save, shown_with, results.download, **QUIET)
    saved.then(None, None, None, js=DOWNLOAD, api_visibility="private")
    running.cancel.click(remote.cancel, shown_with, running.remote_shown, **QUIET)
    # Before it is followed, which may take a day: what is at a server can be asked nowhere else.
    sent = running.submit.click(remote.submit, wiring.begun_with, steps, **QUIET)
    sent = sent.then(batcher.ready, wiring.begun_with, wiring.ready, **QUIET)
    return [
        sent.then(remote.follow, followed_with, steps, **QUIET),
        running.follow.click(remote.follow, followed_with, steps, **QUIET),
        running.answers.upload(
            remote.take_answers, [running.answers, *followed_with], [running.answers, *steps[4:]], **QUIET
        ),
    ]
