"""The line below the box: what the next message will be in tokens and money, and what would go wrong with it."""

import asyncio
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from html import escape

from chat_core import tokens
from chat_core.connections import Connection
from chat_core.conversation import sendable
from chat_core.discovery import ListedModel
from chat_core.errors import InputError
from chat_core.events import Usage
from chat_core.image_economy import levels, target_size
from chat_core.messages import Detail, ImagePart, Message, Part, RemoteImage, TextPart
from chat_core.pricing import price_usage
from chat_core.tokens import Estimate
from chat_ui import draft_pictures, gradio_messages, notes
from chat_ui.controls import Controls
from chat_ui.texts import Language, day, money, number, t
from chat_ui.visit import DraftFile, Visit

# A click on the button for older pictures comes to the server as an event that names their messages.
ON_LOAD = """
element.addEventListener("click", (event) => {
  const button = event.target.closest("[data-again]");
  if (button) trigger("click", { places: button.dataset.again });
});
"""


@dataclass(frozen=True, slots=True)
class Measured:
    """What is shown of the draft: the line, and a strip with its pictures (empty where there are none)."""

    line: str
    pictures: str = ""


async def measure(
    value: object,
    visit: Visit,
    connection: Connection,
    controls: Controls,
    language: Language,
    reference: str,
    won_per_dollar: Decimal,
) -> Measured:
    """The meter as HTML: persona, history as it will be sent and draft, files and pictures included."""
    model = controls.model.strip() or visit.first_model
    draft = gradio_messages.draft(value)
    try:
        files, message = await asyncio.to_thread(_draft_message, draft, visit, controls, model)
    except InputError as error:
        return Measured(f'<span class="problem">{escape(notes.sentence(error, language))}</span>')
    asked = sendable((*_answered(visit.kept_history), message), controls.earlier_turns)
    sent = controls.image_policy.applied(asked, model).messages
    left_out = [before for before, after in zip(asked, sent, strict=True) if before.images and not after.images]
    if draft.empty:
        # What the next message will carry along, before a word of it is written.
        sent = sent[:-1]
    whole, parts = await asyncio.to_thread(_estimates, sent, model, controls.persona, draft.empty)
    known = visit.describe(connection, model)
    line = [
        f"<strong>{t(language, 'meter.next')}</strong>",
        t(language, "meter.tokens", tokens=number(whole.input_tokens)),
    ]
    priced = reference if connection.free else model
    counted = await asyncio.to_thread(tokens.estimate, sent, priced, controls.persona)
    line.append(_price(counted, model, connection, language, reference, won_per_dollar))
    line.append(f'<span class="parts">{_parts(parts, whole, language)}</span>')
    if left_out:
        line.append(_old_pictures(left_out, visit.kept_history, language))
    if links := sum(isinstance(part, RemoteImage) for part in message.parts):
        line.append(t(language, "meter.urls", count=links, how=t(language, f"pictures.{controls.picture_links}")))
    problems = _problems(known, whole, message, controls.image_policy.detail or "auto", language)
    shown = [file for file in files if isinstance(file.part, ImagePart)]
    strip = draft_pictures.strip_html(shown, message, model, controls, connection, language, reference)
    return Measured(
        " · ".join(line) + "".join(f'<br><span class="problem">{escape(problem)}</span>' for problem in problems),
        strip,
    )


def _old_pictures(left_out: list[Message], history: tuple[Message, ...], language: Language) -> str:
    """How many pictures are not sent again, with a button that names their messages for ``chat_tab.attach_again``."""
    users = [message for message in history if message.role == "user"]
    places = [str(place) for place, message in enumerate(users) if any(message is old for old in left_out)]
    count = sum(len(message.images) for message in left_out)
    return (
        f'{t(language, "meter.old_pictures", count=count)} <button type="button" class="as-link" '
        f'data-again="{",".join(places)}">{t(language, "action.send_again")}</button>'
    )


def _draft_message(
    draft: gradio_messages.Draft, visit: Visit, controls: Controls, model: str
) -> tuple[list[DraftFile], Message]:
    """The files of the draft, and the message it will be: its pictures in the size to send, without their bytes.

    Reads new files; raises InputError.
    """
    files = [visit.draft_file(path, name) for path, name in draft.files]
    text: list[Part] = []
    if draft.text:
        text = gradio_messages.split_urls(draft.text) if controls.picture_links != "text" else [TextPart(draft.text)]
    parts = [file.part for file in files] + text
    return files, Message("user", tuple(_in_size_sent(part, controls, model) for part in parts))


def _in_size_sent(part: Part, controls: Controls, model: str) -> Part:
    if not isinstance(part, ImagePart):
        return part
    target = target_size(part.width, part.height, controls.sizing, model, controls.image_policy.detail)
    return replace(part, width=target[0], height=target[1]) if target else part


def _answered(history: tuple[Message, ...]) -> tuple[Message, ...]:
    """The history without a question at its end: it got no answer and will not be sent."""
    return history[:-1] if history and history[-1].role == "user" else history


def _estimates(
    messages: tuple[Message, ...], model: str, persona: str, without_draft: bool
) -> tuple[Estimate, dict[str, int]]:
    whole = tokens.estimate(messages, model, persona)
    with_history = tokens.estimate(messages, model)
    draft = tokens.estimate(() if without_draft else messages[-1:], model)
    parts = {
        "persona": whole.input_tokens - with_history.input_tokens,
        "history": with_history.input_tokens - draft.input_tokens,
        "draft": 0 if without_draft else draft.text_tokens,
        "images": draft.image_tokens,
    }
    return whole, parts


def _parts(parts: dict[str, int], whole: Estimate, language: Language) -> str:
    shown = [
        t(
            language,
            "meter.parts",
            persona=number(parts["persona"]),
            history=number(parts["history"]),
            draft=number(parts["draft"]),
        )
    ]
    if parts["images"]:
        shown.append(t(language, "meter.images", tokens=number(parts["images"])))
    if whole.unknown_images:
        shown.append(t(language, "meter.images_unknown", count=whole.unknown_images))
    return " · ".join(shown)


def _price(
    whole: Estimate, model: str, connection: Connection, language: Language, reference: str, won_per_dollar: Decimal
) -> str:
    """What the input alone will cost: nobody knows the length of an answer before it is written."""
    usage = Usage(whole.input_tokens, 0)
    if connection.free:
        price = price_usage(usage, reference)
        free = t(language, "meter.free")
        if price is None:
            return free
        as_if = t(language, "meter.as_if", model=escape(reference), money=money(price.total, won_per_dollar))
        return f"{free} ({as_if})"
    price = price_usage(usage, model, connection.base_url)
    if price is None:
        return t(language, "meter.price_unknown")
    return t(language, "meter.price", money=money(price.total, won_per_dollar))


def _too_large(picture: ImagePart, model: str, detail: Detail) -> bool:
    return any(level.too_large for level in levels(picture.width, picture.height, model) if level.detail == detail)


def _problems(known: ListedModel, whole: Estimate, message: Message, detail: Detail, language: Language) -> list[str]:
    """What the server would refuse, told before it is sent."""
    problems = []
    limit = known.profile.input_limit or known.profile.context_window
    if limit and whole.input_tokens > limit:
        problems.append(t(language, "meter.overflow", model=known.id, limit=number(limit)))
    if message.images and known.profile.images is False:
        problems.append(t(language, "meter.no_images", model=known.id))
    for picture in message.images:
        if isinstance(picture, ImagePart) and _too_large(picture, known.id, detail):
            problems.append(t(language, "meter.picture_too_large", name=picture.name, model=known.id))
    if known.shutdown and known.shutdown <= date.today():
        problems.append(t(language, "meter.ended", model=known.id, date=day(known.shutdown, language)))
    return problems
