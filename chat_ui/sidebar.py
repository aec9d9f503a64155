"""The sidebar: where requests go, and every control of the request. Widgets and their events; knows no tab."""

from dataclasses import dataclass, replace
from datetime import date
from html import escape
from typing import Any, get_args
from urllib.parse import urlsplit

import gradio as gr
from gradio.components import Component

from chat_core import connections, discovery
from chat_core.connections import Connection
from chat_core.discovery import ListedModel
from chat_core.errors import AccessDenied, BadRequest, ChatError, EndpointNotFound, NotChatCompletions
from chat_core.image_economy import DETAILS, Sizing
from chat_core.personas import Persona, find, load_personas
from chat_core.settings import Settings
from chat_ui import drills, notes
from chat_ui.controls import ALL_PICTURES
from chat_ui.gradio_inside import LAST, QUIET
from chat_ui.localize import Localizer, inform, warn
from chat_ui.texts import Language, day, dollars, number, t
from chat_ui.visit import Visit

EFFORTS = ("none", "minimal", "low", "medium", "high", "xhigh", "max")


@dataclass(frozen=True, slots=True)
class Sidebar:
    """The widgets that others need. ``inputs``: the controls, in the order of ``Controls``.  ``presets``: those that a
    card sets, in the order of ``Preset``."""

    model: gr.Dropdown
    persona: gr.Dropdown
    json_mode: Component
    max_tokens: Component
    new_chat: gr.Button
    inputs: list[Any]
    presets: list[Component]


def build(
    page: gr.Blocks,
    words: Localizer,
    visit: gr.State,
    language: gr.Radio,
    status: gr.HTML,
    settings: Settings,
    app: Connection,
) -> Sidebar:
    """Draw the sidebar into the current block and wire it. ``status``: shows where requests go.  ``app``: the
    connection that serves who types none."""
    new_chat = words.add(gr.Button(variant="secondary", elem_id="new-chat"), value="chat.new")
    own, key, url, connect, forget = _connection_form(words)
    found_box, found, use_found = _local_servers(words)
    model = words.add(
        gr.Dropdown(choices=[], value=app.model or None, allow_custom_value=True, elem_id="model"),
        label="model.label",
        info="model.info",
    )
    about_model = gr.HTML(elem_id="about-model")
    drilling, drill = _drills(words, app)
    persona, prompt = _persona_controls(words)
    temperature_hint = gr.Markdown(visible=False, elem_id="temperature-hint", elem_classes="quiet")
    controls = _request_controls(words)
    own_temperature, temperature, json_mode, history, _, stream, max_tokens, *_ = controls
    _wire_persona(persona, prompt, temperature_hint, temperature, language)

    shown = [status, model, about_model, drilling]

    async def on_connect(typed_key: str, typed_url: str, state: Visit, lang: Language) -> tuple[Any, ...]:
        state.connecting = mine = state.connecting + 1
        unmoved = tuple(gr.skip() for _ in (*shown, key, forget, own))
        try:
            chosen = connections.from_visitor(typed_key, typed_url, public=settings.public)
            chosen, listed = await _reached(chosen, lang)
        except ChatError as error:
            warn(notes.sentence(error, lang))
            return unmoved
        if state.connecting != mine:
            return unmoved
        state.typed = chosen
        if listed:
            inform(t(lang, "connection.connected", where=connection_name(chosen, lang)))
        return (*_shown(state, chosen, listed, lang), "", gr.update(visible=True), gr.update(open=False))

    async def on_forget(state: Visit, lang: Language) -> tuple[Any, ...]:
        state.typed = None
        state.connecting += 1
        inform(t(lang, "connection.forgotten", where=connection_name(app, lang)))
        return (*await on_load(state, lang), "", "", gr.update(visible=False))

    async def on_use_found(base_url: str | None, state: Visit, lang: Language) -> tuple[Any, ...]:
        # The address comes from a browser: only what is on this machine counts as found there.
        if not base_url or settings.public or not connections.local(base_url).loopback:
            return tuple(gr.skip() for _ in (*shown, forget))
        state.typed = connections.local(base_url)
        state.connecting += 1
        return (*await on_load(state, lang), gr.update(visible=True))

    async def look_for_local() -> tuple[Any, Any]:
        servers = () if settings.public or app.kind == "local" else await discovery.find_local()
        choices = [(f"{server.host} · {server.model}", server.base_url) for server in servers]
        first = choices[0][1] if choices else None
        return gr.update(visible=bool(choices)), gr.update(choices=choices, value=first)

    async def on_load(state: Visit, lang: Language) -> tuple[Any, ...]:
        connection = state.connection(app)
        try:
            listed = await _models_of(connection, lang)
        except ChatError as error:
            listed = ()
            warn(notes.sentence(error, lang))
        if state.connection(app) is not connection:
            # Another one has been chosen meanwhile.
            return tuple(gr.skip() for _ in shown)
        return _shown(state, connection, listed, lang)

    def on_words(name: str | None, state: Visit, lang: Language) -> tuple[str, str, Any, Any]:
        connection = state.connection(app)
        known = state.describe(connection, name or "")
        chosen = known.id if drills.is_drill(connection, known.id) else None
        json_before = state.leave_drill() if chosen != drills.BLANKS else None
        back = gr.skip() if json_before is None else json_before
        return connection_chip(connection, lang), model_card(known, connection, lang), chosen, back

    def on_drill(chosen: str, json_on: bool, state: Visit, lang: Language) -> tuple[str, Any]:
        """The drill becomes the model; the one of endless blanks needs JSON mode."""
        inform(t(lang, "drill.chosen", what=drills.words(lang, chosen)))
        if chosen != drills.BLANKS or json_on:
            return chosen, gr.skip()
        state.json_before_drill = json_on
        return chosen, True

    typed, typed_shown = [key, url, visit, language], [*shown, key, forget, own]
    asked = [
        connect.click(on_connect, typed, typed_shown, **QUIET),
        url.submit(on_connect, typed, typed_shown, **QUIET),
        key.submit(on_connect, typed, typed_shown, **QUIET),
        forget.click(on_forget, [visit, language], [*shown, key, url, forget], **QUIET),
        use_found.click(on_use_found, [found, visit, language], [*shown, forget], **QUIET),
        gr.on([page.load], on_load, [visit, language], shown, **QUIET),
    ]
    worded_by, worded = [model, visit, language], [status, about_model, drill, json_mode]
    gr.on([model.change, language.change], on_words, worded_by, worded, **LAST)
    for event in asked:
        # The language may have been switched while the server was asked; at first the browser's own one is set then.
        event.then(on_words, worded_by, worded, **LAST)
    # In the queue: Gradio shows no toast of an event that is not.
    drill.input(on_drill, [drill, json_mode, visit, language], [model, json_mode], **QUIET)
    # Gradio draws an empty number as 0, and would send it; set again after loading, it stays empty. Limits are not set
    # here either: Gradio would end the whole event at a number beyond them.
    numbers = [control for control in controls if isinstance(control, gr.Number)]
    page.load(lambda: [gr.update(value=None) for _ in numbers], None, numbers, queue=False, **QUIET)
    # The visit goes out as it came in: Gradio forgets the state of a closed tab only where it has been an output.
    page.load(lambda state: state, visit, visit, queue=False, **QUIET)
    gr.on([page.load], look_for_local, None, [found_box, found], **QUIET)
    presets = [persona, prompt, own_temperature, temperature, json_mode, history, stream]
    return Sidebar(model, persona, json_mode, max_tokens, new_chat, [model, prompt, *controls], presets)


def connection_name(connection: Connection, language: Language) -> str:
    """Where requests go, in words."""
    key = f"connection.{connection.kind}"
    if connection.typed and connection.kind in ("openai", "custom"):
        key += "_typed"
    return t(language, key, host=connection.host)


def connection_chip(connection: Connection, language: Language) -> str:
    """Where requests go, as a chip that is always in sight; on the demo model with a way to a real one, which the page
    script takes."""
    name = escape(connection_name(connection, language))
    if connection.kind == "demo":
        name += f' · <button type="button" class="use-my-key">{t(language, "connection.use_key")}</button>'
    return f'<span class="chip chip-{connection.kind}">{name}</span>'


def model_card(model: ListedModel, connection: Connection, language: Language) -> str:
    """What is known of a model, on two short lines of HTML. Holds no text of a server."""
    if drills.is_drill(connection, model.id):
        what = t(language, "drill.card", what=escape(drills.words(language, model.id)))
        return f'<strong class="drilling">{what}</strong>'
    window = model.profile.context_window
    facts = [
        t(language, "model.context", tokens=number(window)) if window else t(language, "model.context_unknown"),
        t(language, f"model.images_{ {True: 'yes', False: 'no', None: 'unknown'}[model.profile.images] }"),
    ]
    if model.profile.known and model.profile.efforts:
        facts.append(t(language, "model.efforts", efforts=", ".join(model.profile.efforts)))
    if connection.free:
        facts.append(t(language, "model.free"))
    elif price := model.price:
        facts.append(t(language, "model.price", input=dollars(price.input), output=dollars(price.output)))
        if price.cached is not None:
            facts.append(t(language, "model.price_cached", cached=dollars(price.cached)))
    else:
        facts.append(t(language, "model.price_unknown"))
    lines = [f"<span>{' · '.join(facts)}</span>"]
    if model.shutdown:
        key = "model.ended" if model.shutdown <= date.today() else "model.shutdown"
        lines.append(f'<strong class="ending">{t(language, key, date=day(model.shutdown, language))}</strong>')
    return "<br>".join(lines)


async def _reached(connection: Connection, language: Language) -> tuple[Connection, tuple[ListedModel, ...]]:
    """The connection and its models; where only the host was typed, the usual ``/v1`` is tried after it."""
    if urlsplit(connection.base_url).path:
        return connection, await _models_of(connection, language)
    try:
        return connection, await discovery.list_models(connection)
    except (EndpointNotFound, NotChatCompletions):
        usual = replace(connection, base_url=f"{connection.base_url}/v1")
        return usual, await _models_of(usual, language)


async def _models_of(connection: Connection, language: Language) -> tuple[ListedModel, ...]:
    """The server's models; none, with a word, where it merely has no list. Raises ChatError where it cannot be used."""
    try:
        return await discovery.list_models(connection)
    except (EndpointNotFound, AccessDenied, BadRequest) as error:
        warn(t(language, "connection.no_models", reason=notes.sentence(error, language)))
        return ()


def _shown(
    visit: Visit, connection: Connection, listed: tuple[ListedModel, ...], language: Language
) -> tuple[str, Any, str, Any]:
    """Chip, model list, model card and failure drills of a connection that is now in use. Drills are not among the
    models: they have a list of their own."""
    visit.models = {model.id: model for model in listed}
    visit.first_model = connection.model or (listed[0].id if listed else "")
    family = [name for name in visit.models if not drills.is_drill(connection, name)]
    choices = sorted(family) if connection.kind == "openai" else family
    models = gr.update(choices=choices, value=visit.first_model or None)
    card = model_card(visit.describe(connection, visit.first_model), connection, language)
    return connection_chip(connection, language), models, card, gr.update(visible=connection.kind == "demo")


def _connection_form(words: Localizer) -> tuple[gr.Accordion, gr.Textbox, gr.Textbox, gr.Button, gr.Button]:
    with words.add(gr.Accordion(open=False, elem_id="own-connection"), label="connection.own") as own:
        key = words.add(
            gr.Textbox(type="password", elem_id="api-key", max_length=500),
            label="connection.key",
            info="connection.key_info",
        )
        url = words.add(
            gr.Textbox(placeholder=connections.OPENAI_BASE_URL, elem_id="base-url", max_length=500),
            label="connection.url",
            info="connection.url_info",
        )
        connect = words.add(gr.Button(variant="primary", size="sm", elem_id="connect"), value="connection.connect")
    forget = words.add(gr.Button(size="sm", visible=False, elem_id="forget"), value="connection.forget")
    return own, key, url, connect, forget


def _local_servers(words: Localizer) -> tuple[gr.Column, gr.Dropdown, gr.Button]:
    with gr.Column(visible=False, elem_id="local-servers") as box:
        found = words.add(gr.Dropdown(choices=[], interactive=True), label="connection.local_found")
        use = words.add(gr.Button(size="sm"), value="connection.local_use")
    return box, found, use


def _drills(words: Localizer, app: Connection) -> tuple[gr.Accordion, gr.Radio]:
    drilling = gr.Accordion(open=False, visible=app.kind == "demo", elem_id="drills")
    with words.add(drilling, label="drill.label"):
        words.add(gr.Markdown(elem_classes="quiet"), value="drill.info")
        drill = words.add(
            gr.Radio(choices=[], value=None, show_label=False, container=False, elem_id="drill"),
            label="drill.label",
            choices=drills.choices(),
        )
    return drilling, drill


def _persona_controls(words: Localizer) -> tuple[gr.Dropdown, gr.Textbox]:
    names = [(persona.name.text(words.language), persona.id) for persona in load_personas()]
    persona = words.add(gr.Dropdown(choices=names, value=names[0][1], elem_id="persona"), label="persona.label")
    prompt = words.add(
        gr.Textbox(lines=3, max_lines=10, max_length=100_000, elem_id="system-prompt"),
        label="persona.prompt",
        info="persona.prompt_info",
    )
    return persona, prompt


def _request_controls(words: Localizer) -> list[Component]:
    """The controls of the request but model and prompt, in the order of ``Controls``."""
    own = words.add(
        gr.Checkbox(value=False, elem_id="own-temperature"), label="temperature.own", info="temperature.own_info"
    )
    temperature = words.add(
        gr.Slider(0, 2, value=1, step=0.1, visible=False, elem_id="temperature"), label="temperature.label"
    )
    json_mode = words.add(gr.Checkbox(value=False, elem_id="json-mode"), label="json.label", info="json.info")
    history = words.add(
        gr.Radio(choices=[], value="all", elem_id="history"),
        label="history.label",
        info="history.info",
        choices=[("history.all", "all"), ("history.last", "last"), ("history.none", "none")],
    )
    turns = words.add(gr.Slider(1, 20, value=3, step=1, visible=False, elem_id="history-turns"), label="history.turns")
    stream = words.add(gr.Checkbox(value=True, elem_id="streaming"), label="stream.label", info="stream.info")
    with words.add(gr.Accordion(open=False, elem_id="more"), label="more.label"):
        words.add(gr.Markdown(elem_classes="quiet"), value="more.info")
        max_tokens = words.add(gr.Number(value=None, precision=0, elem_id="max-tokens"), label="more.max_tokens")
        top_p = words.add(gr.Number(value=None, step=0.05, elem_id="top-p"), label="more.top_p")
        effort = words.add(gr.Dropdown(choices=["", *EFFORTS], value=""), label="more.effort", choices=_effort_words())
        seed = words.add(gr.Number(value=None, precision=0, elem_id="seed"), label="more.seed")
        stop = words.add(gr.Textbox(lines=2, max_lines=4, max_length=1000), label="more.stop")
    links, detail, sizing, kept = _picture_controls(words)
    own.change(lambda on: gr.update(visible=on), own, temperature, queue=False, **QUIET)
    history.change(lambda how: gr.update(visible=how == "last"), history, turns, queue=False, **QUIET)
    parameters = [max_tokens, top_p, effort, seed, stop]
    return [own, temperature, json_mode, history, turns, stream, *parameters, links, detail, sizing, kept]


def _picture_controls(words: Localizer) -> tuple[Component, Component, Component, Component]:
    with words.add(gr.Accordion(open=False, elem_id="pictures"), label="pictures.label"):
        detail = words.add(
            gr.Radio(choices=[], value="", elem_id="detail"),
            label="detail.label",
            info="detail.info",
            choices=[("detail.none", ""), *((f"detail.{level}", level) for level in DETAILS)],
        )
        sizing = words.add(
            gr.Radio(choices=[], value="as_is", elem_id="sizing"),
            label="sizing.label",
            info="sizing.info",
            choices=[(f"sizing.{way}", way) for way in get_args(Sizing)],
        )
        kept = words.add(
            gr.Radio(choices=[], value="2", elem_id="pictures-kept"),
            label="kept.label",
            info="kept.info",
            choices=[("kept.one", "1"), ("kept.two", "2"), ("kept.four", "4"), ("kept.all", ALL_PICTURES)],
        )
        links = words.add(
            gr.Radio(choices=[], value="url", elem_id="picture-links"),
            label="links.label",
            choices=[("pictures.url", "url"), ("pictures.fetch", "fetch"), ("pictures.text", "text")],
        )
    return links, detail, sizing, kept


def _effort_words() -> list[tuple[str, str]]:
    return [("more.effort_default", ""), *((f"effort.{effort}", effort) for effort in EFFORTS)]


def _wire_persona(
    persona: gr.Dropdown, prompt: gr.Textbox, hint: gr.Markdown, temperature: Component, language: gr.Radio
) -> None:
    """Choosing a persona fills in its prompt, and offers the temperature that it suggests; both stay editable.

    The slider moves there, but nothing is sent before the visitor asks for a temperature. Gradio tells of a list that
    is only passed with the Tab key as of a choice: an edited prompt stays then.
    """
    filled_in = gr.State(persona.value)

    def choose(chosen: str, before: str, lang: Language) -> tuple[Any, Any, Any, Any]:
        known = find(chosen)
        if known is None or chosen == before:
            return gr.skip(), gr.skip(), gr.skip(), gr.skip()
        slider = gr.skip() if known.temperature is None else known.temperature
        return known.prompt.text(lang), _suggestion(known, lang), slider, chosen

    def translate(chosen: str, written: str, lang: Language) -> tuple[Any, Any, Any]:
        """Names in the new language; the prompt too, unless it was edited."""
        names = [(known.name.text(lang), known.id) for known in load_personas()]
        known = find(chosen)
        untouched = known is not None and written.strip() in (known.prompt.ko, known.prompt.en)
        text = known.prompt.text(lang) if known and untouched else gr.skip()
        return gr.update(choices=names), text, _suggestion(known, lang)

    chosen_now = [prompt, hint, temperature, filled_in]
    persona.input(choose, [persona, filled_in, language], chosen_now, queue=False, **QUIET)
    language.change(translate, [persona, prompt, language], [persona, prompt, hint], queue=False, **QUIET)


def _suggestion(persona: Persona | None, language: Language) -> Any:
    if persona is None or persona.temperature is None:
        return gr.update(visible=False)
    return gr.update(visible=True, value=t(language, "temperature.suggested", value=f"{persona.temperature:g}"))
