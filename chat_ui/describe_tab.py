"""Describe images: many pictures at once, each with a description to be edited, exported or asked on about.

Widgets and their wiring. What the events do is in ``describer``.
"""

from dataclasses import dataclass
from functools import partial
from typing import Any, get_args

import gradio as gr
from gradio.events import Dependency

from chat_core import describing
from chat_core.connections import Connection
from chat_core.messages import Detail
from chat_core.settings import Settings
from chat_ui import exports, model_picker
from chat_ui.describe_job import Job
from chat_ui.describer import LONGEST_PROMPT, Describer
from chat_ui.gradio_inside import LAST, QUIET, uploads
from chat_ui.localize import Localizer
from chat_ui.texts import Language, t

# Small enough that nobody is ruined by a click, large enough for some hundred pictures on a small model.
FIRST_LIMIT_DOLLARS = 0.5
FIRST_LIMIT_PICTURES = 100

ANSWER_LANGUAGES = [("한국어", "ko"), ("English", "en")]

# The buttons of a card, and what is typed into it. A description is kept when its field is left; what the page shows is
# then set as its value, so that the next drawing finds nothing to change.
ON_LOAD = """
const card = (event) => event.target.closest("[data-key]");
const field = (node) => node.querySelector("textarea");
const keep = (area) => area.setAttribute("value", area.value);
const EVENTS = { chat: "select", retry: "retry", remove: "delete" };
element.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-do]");
  if (!button) return;
  const node = card(event);
  const area = field(node);
  if (button.dataset.do === "copy") {
    if (navigator.clipboard) await navigator.clipboard.writeText(area.value);
    else { area.select(); document.execCommand("copy"); }
    node.classList.add("copied");
    setTimeout(() => node.classList.remove("copied"), 1500);
    return;
  }
  keep(area);
  trigger(EVENTS[button.dataset.do], { key: node.dataset.key, text: area.value });
});
element.addEventListener("input", (event) => {
  const count = card(event)?.querySelector(".picture-count");
  if (!count) return;
  const length = [...event.target.value].length;
  count.textContent = count.dataset.words.replace("{count}", length);
  count.classList.toggle("over", Number(count.dataset.most) > 0 && length > Number(count.dataset.most));
});
element.addEventListener("change", (event) => {
  const node = card(event);
  if (!node || event.target.tagName !== "TEXTAREA") return;
  keep(event.target);
  trigger("edit", { key: node.dataset.key, text: event.target.value });
});
"""
# After the file of the hidden button has come: the page draws it some frames later.
DOWNLOAD = "() => window.vitrine.download('describe-download')"


@dataclass(frozen=True, slots=True)
class Around:
    """What the tab needs of the page around it.

    ``tab``: itself.  ``model``: that of the sidebar.  ``reference``: the model that free answers are compared with.
    ``chatbot``, ``screen``, ``tabs``: where a picture goes that is to be asked on about.
    """

    tab: gr.Tab
    model: gr.Dropdown
    reference: gr.Dropdown
    chatbot: gr.Chatbot
    screen: gr.Column
    tabs: gr.Tabs


@dataclass(frozen=True, slots=True)
class DescribeTab:
    """What others need: ``changed``, the events after which the conversation is another."""

    changed: list[Dependency]


@dataclass(frozen=True, slots=True)
class Widgets:
    """All that the events set or read. ``asking``: what is asked, in the order of ``Describer.asked``."""

    files: gr.File
    urls: gr.Textbox
    add: gr.Button
    preset: gr.Dropdown
    prompt: gr.Textbox
    answer: gr.Dropdown
    model: gr.Dropdown
    detail: gr.Dropdown
    dollars: gr.Number
    pictures: gr.Number
    estimate: gr.HTML
    start: gr.Button
    stop: gr.Button
    retry: gr.Button
    again: gr.Button
    clear: gr.Button
    progress: gr.HTML
    results: gr.Row
    forms: dict[exports.Format, gr.Button]
    download: gr.DownloadButton
    gallery: gr.HTML

    @property
    def asking(self) -> list[Any]:
        return [self.preset, self.prompt, self.answer, self.model, self.detail]

    @property
    def ready(self) -> list[Any]:
        """What ``Describer.ready`` sets."""
        return [self.estimate, self.start, self.stop, self.retry, self.again, self.clear, self.results]


def build(
    words: Localizer, visit: gr.State, language: gr.Radio, around: Around, settings: Settings, app: Connection
) -> DescribeTab:
    """Draw the tab into the current block and wire it."""
    with gr.Column(elem_classes="sheet describe"):
        words.add(gr.Markdown(), value="describe.heading.md")
        with gr.Row(elem_id="describe-form"):
            with gr.Column(min_width=280):
                files, urls, add = _sources(words)
            with gr.Column(min_width=280):
                asking = _asking(words)
        empty = f'<p class="quiet">{t(words.language, "describe.empty")}</p>'
        estimate = gr.HTML(empty, elem_id="describe-estimate", padding=False)
        with gr.Row(elem_id="describe-run", equal_height=False):
            limits = _limits(words)
            start = gr.Button(t(words.language, "describe.start"), variant="primary", elem_id="describe-start")
            stop = words.add(gr.Button(visible=False, elem_id="describe-stop"), value="describe.stop")
            retry = gr.Button(visible=False, elem_id="describe-retry")
            again = words.add(gr.Button(visible=False, elem_id="describe-again"), value="describe.again")
            clear = words.add(gr.Button(visible=False, elem_id="describe-clear"), value="describe.clear")
        progress = gr.HTML(elem_id="describe-progress", padding=False)
        with gr.Row(visible=False, elem_id="describe-exports") as results:
            forms = _exports(words)
        download = gr.DownloadButton(visible="hidden", elem_id="describe-download")
        gallery = gr.HTML(elem_id="describe-gallery", js_on_load=ON_LOAD, apply_default_css=False, padding=False)
    widgets = Widgets(
        files=files,
        urls=urls,
        add=add,
        **asking,
        **limits,
        estimate=estimate,
        start=start,
        stop=stop,
        retry=retry,
        again=again,
        clear=clear,
        progress=progress,
        results=results,
        forms=forms,
        download=download,
        gallery=gallery,
    )
    return _wire(widgets, Describer(settings, app), visit, language, around)


def _sources(words: Localizer) -> tuple[gr.File, gr.Textbox, gr.Button]:
    files = words.add(
        uploads(file_count="multiple", elem_id="describe-files", elem_classes="drop-field", height=150),
        label="describe.files",
    )
    urls = words.add(
        gr.Textbox(lines=2, max_lines=8, max_length=100_000, elem_id="describe-urls"),
        label="describe.urls",
        placeholder="describe.urls_placeholder",
    )
    add = words.add(gr.Button(size="sm", elem_id="describe-add"), value="describe.add")
    return files, urls, add


def _asking(words: Localizer) -> dict[str, Any]:
    first = describing.load_presets()[0]
    with gr.Row():
        preset = words.add(
            gr.Dropdown(preset_choices(words.language), value=first.id, elem_id="describe-preset", min_width=150),
            label="describe.preset",
            choices=preset_choices,
        )
        answer = words.add(
            gr.Dropdown(ANSWER_LANGUAGES, value=words.language, elem_id="describe-language", min_width=110),
            label="describe.language",
        )
    prompt = words.add(
        gr.Textbox(
            first.prompt.text(words.language),
            lines=3,
            max_lines=8,
            max_length=LONGEST_PROMPT,
            elem_id="describe-prompt",
        ),
        label="describe.prompt",
        info="describe.prompt_info",
    )
    with gr.Row():
        model = model_picker.build(words, "describe-model")
        detail = words.add(
            gr.Dropdown(detail_choices(words.language), value="auto", elem_id="describe-detail", min_width=110),
            label="detail.label",
            choices=detail_choices,
        )
    return {"preset": preset, "prompt": prompt, "answer": answer, "model": model, "detail": detail}


def _limits(words: Localizer) -> dict[str, Any]:
    dollars = words.add(
        gr.Number(FIRST_LIMIT_DOLLARS, elem_id="describe-dollars", min_width=130, scale=0),
        label="describe.limit_dollars",
    )
    pictures = words.add(
        gr.Number(FIRST_LIMIT_PICTURES, precision=0, elem_id="describe-pictures", min_width=130, scale=0),
        label="describe.limit_pictures",
    )
    return {"dollars": dollars, "pictures": pictures}


def _exports(words: Localizer) -> dict[exports.Format, gr.Button]:
    words.add(gr.Markdown(elem_classes="quiet"), value="describe.export.md")
    return {
        form: gr.Button(form.upper(), size="sm", min_width=80, scale=0, elem_id=f"describe-{form}")
        for form in get_args(exports.Format)
    }


def detail_choices(language: Language) -> list[tuple[str, str]]:
    """The levels at which a picture can be seen, as a list shows them."""
    return [(t(language, f"detail.{level}"), level) for level in get_args(Detail)]


def preset_choices(language: Language) -> list[tuple[str, str]]:
    """The presets as a list shows them."""
    return [(preset.name.text(language), preset.id) for preset in describing.load_presets()]


# --- wiring -----------------------------------------------------------------------------------------------------------


def _wire(widgets: Widgets, describer: Describer, visit: gr.State, language: gr.Radio, around: Around) -> DescribeTab:
    view: list[Any] = [widgets.progress, widgets.gallery]
    shown_in = [visit, language, around.reference]
    begun_with = [*shown_in, widgets.dollars, widgets.pictures, *widgets.asking]
    steps = [*view, widgets.start, widgets.stop, widgets.retry, widgets.again, widgets.clear]
    often: dict[str, Any] = {"trigger_mode": "multiple", **QUIET}
    settled = [
        widgets.files.upload(describer.take_files, [widgets.files, *shown_in], [widgets.files, *view], **often),
        gr.on([widgets.add.click], describer.take_urls, [widgets.urls, *shown_in], [widgets.urls, *view], **often),
        widgets.start.click(describer.asking(_waiting), begun_with, steps, **QUIET),
        widgets.retry.click(describer.asking(_failed), begun_with, steps, **QUIET),
        widgets.again.click(describer.asking(_all), begun_with, steps, **QUIET),
        widgets.gallery.retry(describer.retry, begun_with, steps, **QUIET),
        widgets.gallery.delete(describer.remove, visit, view, queue=False, **often),
        widgets.clear.click(describer.clear, visit, view, queue=False, **QUIET),
        language.change(
            follow_language,
            [language, widgets.preset, widgets.prompt],
            [widgets.answer, widgets.prompt],
            queue=False,
            **QUIET,
        ),
    ]
    ready_with = [*shown_in, *widgets.asking]
    for event in settled:
        event.then(describer.ready, ready_with, widgets.ready, **LAST)
    changes = [around.reference.change, *(widget.change for widget in widgets.asking)]
    gr.on(changes, describer.ready, ready_with, widgets.ready, **LAST)
    gr.on([language.change, around.reference.change], describer.shown, shown_in, view, **LAST)
    widgets.stop.click(describer.stop, visit, None, queue=False, **QUIET)
    widgets.gallery.edit(describer.write, visit, None, queue=False, **often)
    _wire_form(widgets, visit, around)
    for form, button in widgets.forms.items():
        made = button.click(partial(describer.export, form), [visit, language], widgets.download, queue=False, **QUIET)
        made.then(None, None, None, js=DOWNLOAD, api_visibility="private")
    asked_on = widgets.gallery.select(
        describer.to_chat,
        [around.chatbot, visit, language],
        [around.chatbot, around.screen, around.tabs],
        **QUIET,
    )
    return DescribeTab([asked_on])


def _wire_form(widgets: Widgets, visit: gr.State, around: Around) -> None:
    """What one field of the form does to another."""
    written = [widgets.preset, widgets.prompt, widgets.answer]
    filled_in = gr.State(widgets.preset.value)
    chosen = [widgets.preset, filled_in, widgets.answer]
    widgets.preset.input(chosen_prompt, chosen, [widgets.prompt, filled_in], queue=False, **QUIET)
    widgets.answer.input(fitting_prompt, written, widgets.prompt, queue=False, **QUIET)
    model_picker.wire(widgets.model, around.model, around.tab, visit)


def follow_language(language: Language, preset: str, written: str) -> tuple[Any, Any]:
    """The answers are at first in the language of the page: sets that, and the prompt."""
    return language, fitting_prompt(preset, written, language)


def _waiting(job: Job) -> list[str]:
    return [picture.key for picture in job.to_ask]


def _failed(job: Job) -> list[str]:
    return [picture.key for picture in job.with_status("failed")]


def _all(job: Job) -> list[str]:
    return list(job.pictures)


def fitting_prompt(preset: str, written: str, answer: Language) -> Any:
    """The preset's prompt in the language of the answer, in place of another preset's or of none; what a person has
    written stays."""
    found = describing.find(preset)
    stock = {text for each in describing.load_presets() for text in (each.prompt.ko, each.prompt.en)}
    return found.prompt.text(answer) if found and (written or "").strip() in stock else gr.skip()


def chosen_prompt(preset: str, before: str, answer: Language) -> tuple[Any, str]:
    """The prompt of a preset that was chosen, and which one that is; for one's own the field stays as it is, to begin
    from. ``before``: the one that was chosen before.

    Gradio tells of a list that is only passed with the Tab key as of a choice: an edited prompt stays then.
    """
    found = describing.find(preset)
    if found is None or found.id in (before, describing.OWN):
        return gr.skip(), preset
    return found.prompt.text(answer), preset
