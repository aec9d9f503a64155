"""The named endpoints for scripts: /chat, /describe, /count_tokens and /models; /extract is in ``extract_api``. A
failure is an error with our sentence, never an answer.

A parameter is optional for clients where its widget holds a value, or where both widget and function say None; that is
why every control has an invisible widget here, whose value means "not set".
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast, get_args

import gradio as gr

from chat_core import describing, discovery, tokens
from chat_core.chat import complete
from chat_core.connections import Connection
from chat_core.errors import ChatError
from chat_core.fetch import fetch_image
from chat_core.images import load_image
from chat_core.messages import Detail, ImagePart, Message, assistant
from chat_core.settings import Settings
from chat_ui import gradio_messages, notes
from chat_ui.controls import Controls, from_values
from chat_ui.files_apart import apart, read_transcript, size_picture
from chat_ui.gradio_inside import uploads
from chat_ui.gradio_messages import GradioMessage
from chat_ui.texts import Language, known_language, number, t
from chat_ui.turn import Turn
from chat_ui.visit import Visit

# A client's conversation is kept for its session, up to this many messages.
MESSAGES_KEPT = 200
# and up to this many bytes of pictures, but for the last two messages.
BYTES_KEPT = 24 * 1024 * 1024
# Characters; a longer text would keep other visitors waiting.
LONGEST_COUNTED = 1_000_000


@dataclass(slots=True)
class ApiSession:
    """The conversation of one client, so that ``history`` has something to choose from."""

    messages: list[Message] = field(default_factory=list)

    def keep(self, *messages: Message) -> None:
        """Add to it, and let go of the oldest where it grows too large."""
        self.messages = [*self.messages, *messages][-MESSAGES_KEPT:]
        while len(self.messages) > len(messages) and sum(map(_weight, self.messages)) > BYTES_KEPT:
            del self.messages[0]


def build(visit: gr.State, settings: Settings, app: Connection) -> None:
    """Add the endpoints to the current page."""
    session = gr.State(ApiSession())
    message = gr.MultimodalTextbox(visible=False, file_count="multiple")
    inputs = [
        gr.Textbox(value="", visible=False),  # model
        gr.Textbox(value="", visible=False),  # persona
        gr.Number(value=None, visible=False),  # temperature
        gr.Checkbox(value=False, visible=False),  # json_mode
        gr.Textbox(value="all", visible=False),  # history
        gr.Number(value=None, visible=False),  # turns
        gr.Checkbox(value=True, visible=False),  # stream
        gr.Number(value=None, visible=False),  # max_tokens
        gr.Number(value=None, visible=False),  # top_p
        gr.Textbox(value="", visible=False),  # reasoning_effort
        gr.Number(value=None, visible=False),  # seed
        gr.Textbox(value="", visible=False),  # stop
        gr.Textbox(value="url", visible=False),  # picture_links
        gr.Textbox(value="", visible=False),  # detail
        gr.Textbox(value="as_is", visible=False),  # sizing
        gr.Textbox(value="2", visible=False),  # pictures_kept
    ]
    answer = gr.Textbox(visible=False)

    async def chat(
        message: dict[str, Any],
        model: str = "",
        persona: str = "",
        temperature: float | None = None,
        json_mode: bool = False,
        history: str = "all",
        turns: float | None = None,
        stream: bool = True,
        max_tokens: float | None = None,
        top_p: float | None = None,
        reasoning_effort: str = "",
        seed: float | None = None,
        stop: str = "",
        picture_links: str = "url",
        detail: str = "",
        sizing: str = "as_is",
        pictures_kept: str = "2",
        session: ApiSession | None = None,
        visit: Visit | None = None,
        request: gr.Request | None = None,
    ) -> AsyncIterator[tuple[str, ApiSession]]:
        """Ask a question; yields the text so far. ``message``: {"text": str, "files": [pictures and text files]}."""
        language = _language(request)
        state, known = visit or Visit(), session or ApiSession()
        connection = state.connection(app)
        own_temperature = temperature is not None
        values = (model, persona, own_temperature, temperature, json_mode, history, turns, stream)
        pictures = (picture_links, detail, sizing, pictures_kept)
        controls = from_values(*values, max_tokens, top_p, reasoning_effort, seed, stop, *pictures)
        try:
            default = state.first_model or await discovery.first_model(connection)
            question = await _question(message, controls, controls.model or default)
            if question is None:
                raise gr.Error(t(language, "chat.nothing_to_send"), print_exception=False)
            asked = controls.request([*known.messages, question], default)
            turn = Turn(connection, asked, settings.clocks)
            async with aclosing(turn.snapshots()) as snapshots:
                async for snapshot in snapshots:
                    # The session goes out as it came in: Gradio forgets only state that has been an output.
                    yield snapshot.text, known
        except ChatError as error:
            raise gr.Error(notes.sentence(error, language), print_exception=False) from None
        if turn.error:
            raise gr.Error(notes.sentence(turn.error, language), print_exception=False)
        if turn.refusal:
            raise gr.Error(t(language, "note.refusal.text", refusal=turn.refusal), print_exception=False)
        known.keep(question, assistant(turn.text))

    async def describe(
        picture: list[tuple[str, str]] | None = None,
        url: str = "",
        preset: str = "alt_text",
        prompt: str = "",
        language: str = "en",
        model: str = "",
        detail: str = "auto",
        visit: Visit | None = None,
        request: gr.Request | None = None,
    ) -> tuple[str, str, str, str]:
        """Describe one picture, a file or a URL. Gives the text, input tokens, output tokens, and the price in US
        dollars ("unknown" where it is not known). ``prompt``: instead of the preset's."""
        speech = _language(request)
        connection = (visit or Visit()).connection(app)
        try:
            asked = describing.request_for(
                await _picture(picture or [], url, speech),
                _prompt(preset, prompt, language, speech),
                model.strip() or await discovery.first_model(connection),
                detail=cast(Detail, detail) if detail in get_args(Detail) and detail != "auto" else None,
            )
            completion = await complete(connection, asked, clocks=settings.clocks)
        except ChatError as error:
            raise gr.Error(notes.sentence(error, speech), print_exception=False) from None
        text = completion.text.strip()
        note = notes.of_end(completion.finish_reason, speech, text=text, refusal=completion.refusal)
        if note and not text:
            raise gr.Error(notes.plain(note), print_exception=False)
        usage, finished = completion.usage, completion.finished
        cost = finished.cost if finished else None
        return (
            text,
            str(usage.input_tokens if usage else 0),
            str(usage.output_tokens if usage else 0),
            "unknown" if cost is None else f"{cost:f}",
        )

    async def count_tokens(text: str, model: str = "", encoding: str = "", request: gr.Request | None = None) -> int:
        """Tokens of a text, by ``encoding`` or by the tokenizer of ``model``; o200k_base where neither is given."""
        if len(text) > LONGEST_COUNTED:
            raise gr.Error(t(_language(request), "count.too_long", most=number(LONGEST_COUNTED)), print_exception=False)
        try:
            return await asyncio.to_thread(tokens.count_tokens, text, model or None, encoding=encoding or None)
        except ValueError as error:
            raise gr.Error(str(error), print_exception=False) from None

    async def models(visit: Visit, request: gr.Request) -> list[dict[str, Any]]:
        """The models of the connection, with what is known of each; None stands for unknown."""
        try:
            listed = await discovery.list_models(visit.connection(app))
        except ChatError as error:
            raise gr.Error(notes.sentence(error, _language(request)), print_exception=False) from None
        return [
            {
                "id": model.id,
                "context_window": model.profile.context_window,
                "images": model.profile.images,
                "shutdown_date": model.shutdown.isoformat() if model.shutdown else None,
                "input_price": str(model.price.input) if model.price else None,
                "output_price": str(model.price.output) if model.price else None,
            }
            for model in listed
        ]

    public: dict[str, Any] = {"api_visibility": "public", "concurrency_limit": None}
    gr.Button(visible=False).click(
        chat, [message, *inputs, session, visit], [answer, session], api_name="chat", **public
    )
    gr.Button(visible=False).click(
        describe,
        [
            uploads(value=None, visible=False),  # picture
            gr.Textbox(value="", visible=False),  # url
            gr.Textbox(value="alt_text", visible=False),  # preset
            gr.Textbox(value="", visible=False),  # prompt
            gr.Textbox(value="en", visible=False),  # language
            gr.Textbox(value="", visible=False),  # model
            gr.Textbox(value="auto", visible=False),  # detail
            visit,
        ],
        [gr.Textbox(visible=False) for _ in range(4)],
        api_name="describe",
        **public,
    )
    gr.Button(visible=False).click(
        count_tokens,
        [gr.Textbox(visible=False), gr.Textbox(value="", visible=False), gr.Textbox(value="", visible=False)],
        gr.Number(visible=False, precision=0),
        api_name="count_tokens",
        **public,
    )
    gr.Button(visible=False).click(models, visit, gr.JSON(visible=False), api_name="models", **public)


def _weight(message: Message) -> int:
    """Bytes of its pictures."""
    return sum(len(image.data) for image in message.images if isinstance(image, ImagePart))


async def _question(message: dict[str, Any], controls: Controls, model: str) -> Message | None:
    """The client's message as a core message; None if there is nothing in it. Raises InputError."""
    draft = gradio_messages.draft(message)
    if draft.empty:
        return None
    files: list[Any] = [{"path": path, "orig_name": name} for path, name in draft.files]
    entry: GradioMessage = {"role": "user", "content": [*files, draft.text]}
    question = (await read_transcript([entry], urls_as_pictures=controls.picture_links == "url"))[0]
    detail = controls.image_policy.detail
    parts = [
        await size_picture(part, controls.sizing, model, detail) if isinstance(part, ImagePart) else part
        for part in question.parts
    ]
    return replace(question, parts=tuple(parts))


async def _picture(files: list[tuple[str, str]], url: str, speech: Language) -> ImagePart:
    """The one picture that was given. Raises ImageError, FetchError and gr.Error."""
    if url.strip():
        return await fetch_image(url.strip())
    if not files:
        raise gr.Error(t(speech, "describe.no_picture"), print_exception=False)
    path, name = files[0]
    return await apart(load_image, Path(path), name=name)


def _prompt(preset: str, prompt: str, language: str, speech: Language) -> str:
    """What is asked: the prompt that was given, or else the preset's. Raises gr.Error."""
    if prompt.strip():
        return prompt.strip()
    found = describing.find(preset)
    words = found.prompt.text(known_language(language)) if found else ""
    if not words:
        raise gr.Error(t(speech, "describe.unknown_preset", preset=preset), print_exception=False)
    return words


def _language(request: gr.Request | None) -> Language:
    return known_language(request.headers.get("accept-language")) if request else "en"
