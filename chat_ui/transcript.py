"""Core values as the messages that the Chatbot shows: an answer in its making, its footnote, its notes. Pure.

Everything titled is the page's own, and ``gradio_messages.to_core`` never sends it.
"""

import math
from dataclasses import replace
from decimal import Decimal
from functools import lru_cache
from typing import Any

from chat_core.events import Usage
from chat_core.json_output import Layout
from chat_core.ledger import Entry
from chat_core.pricing import price_usage
from chat_core.tokens import image_tokens
from chat_ui import cards, notes
from chat_ui.cards import Card, Run
from chat_ui.gradio_messages import GradioMessage, fenced_json
from chat_ui.notes import Note
from chat_ui.texts import Language, money, number, seconds, t
from chat_ui.turn import Snapshot

# An invisible separator around what is the page's own: Gradio copies an answer with all its notes, and the page script
# takes out what stands between two of these.
MARK = "\u2063"
# Before this a wait is shown by the Chatbot's own dots alone.
WAIT_SHOWN_AFTER = 2.5
# An answer may begin with a line end or two; from so many blanks on it is worth a word.
BLANKS_SHOWN_FROM = 40


def text_message(text: str, layout: Layout | None = None) -> GradioMessage:
    """An answer. As a content part, for Gradio strips the indentation of a plain string.

    ``layout``: that of a JSON answer, which is shown a value a line. What is no JSON stays as the model wrote it.
    """
    text = text.replace(MARK, "")
    return {"role": "assistant", "content": [{"type": "text", "text": _json_text(text, layout) if layout else text}]}


def _json_text(text: str, layout: Layout) -> str:
    shown = layout.laid_out(text)
    # Words around the JSON, and a code block of the model's own, are Markdown already.
    return shown if shown == text and not text.lstrip().startswith(("{", "[")) else fenced_json(shown)


def titled(
    title: str, text: str, *, status: str | None = None, actions: list[dict[str, str]] | None = None
) -> GradioMessage:
    """A message of the page's own. ``status``: pending (open, busy), done (closed) or None (open)."""
    metadata: dict[str, Any] = {"title": MARK + title} | ({"status": status} if status else {})
    return {
        "role": "assistant",
        "content": [{"type": "text", "text": text + MARK}],
        "metadata": metadata,
        "options": actions or [],
    }


def growing(snapshot: Snapshot, before: str, language: Language, layout: Layout | None = None) -> list[GradioMessage]:
    """The answer so far. ``before``: what stood there already, when an answer is continued.  ``layout``: that of a JSON
    answer."""
    text = before + snapshot.text
    shown: list[GradioMessage] = []
    if snapshot.reasoning:
        status = "done" if snapshot.text else "pending"
        shown.append(titled(t(language, "chat.reasoning"), snapshot.reasoning, status=status))
    if text and not text.isspace():
        shown.append(text_message(text, layout))
    elif len(text) >= BLANKS_SHOWN_FROM:
        shown.append(titled(t(language, "chat.only_blanks", count=number(len(text))), " ", status="pending"))
    if wait := _wait(snapshot, language):
        shown.append(titled(wait, " ", status="pending"))
    return shown


def note_message(note: Note, language: Language) -> GradioMessage:
    """A note with its buttons."""
    # An action may carry a value behind a colon.
    actions = [
        {"value": action, "label": t(language, f"action.{name}", value=value)}
        for action in note.actions
        for name, _, value in [action.partition(":")]
    ]
    return titled(note.title, note.text, actions=actions)


def pictures_left_behind(place: int, count: int, language: Language) -> GradioMessage:
    """The pictures of an earlier message have gone along for the last time. ``place``: which user message, from 0."""
    text = t(language, "note.left_behind.text")
    return note_message(
        Note(t(language, "note.left_behind.title", count=count), text, (f"send_again:{place}",)), language
    )


def card_setting(run: Run, language: Language) -> list[GradioMessage]:
    """The control that a card has set for its message, on a line above the answer; nothing where it is about none."""
    shown = cards.shown_setting(run, language)
    return [titled(shown, t(language, "card.set_by_card"), status="done")] if shown else []


def card_note(card: Card, language: Language) -> GradioMessage:
    """What has just been seen, why, and where to look."""
    text = t(language, f"card.{card.name}.note")
    return note_message(Note(t(language, "card.note"), text, ("inspect", "usage")), language)


def card_stopped(language: Language) -> GradioMessage:
    """A card was stopped on its way: what that means for the controls."""
    return note_message(Note(t(language, "card.stopped.title"), t(language, "card.stopped.text")), language)


def footnote(
    entry: Entry, language: Language, reference: str, won_per_dollar: Decimal, *, json_word: str = ""
) -> GradioMessage:
    """Usage, price and speed of an answer on one line; the details inside. ``json_word``: what its JSON is."""
    usage, timing = entry.usage, entry.timing
    about = "≈ " if usage.estimated else ""
    line = [about + t(language, "footnote.usage", input=number(usage.input_tokens), output=number(usage.output_tokens))]
    line.append(charge(entry, language, won_per_dollar))
    if entry.free and (as_if := as_if_cost(entry, reference)) is not None:
        line.append(t(language, "meter.as_if", model=reference, money=money(as_if, won_per_dollar)))
    if timing.first_token is not None:
        line.append(t(language, "footnote.first", seconds=seconds(timing.first_token)))
    if speed := timing.tokens_per_second(usage.output_tokens):
        line.append(t(language, "footnote.speed", speed=number(speed)))
    if json_word:
        line.append(json_word)
    return titled(" · ".join(line), "  \n".join(_details(entry, language)), status="done")


def as_if_cost(entry: Entry, reference: str) -> Decimal | None:
    """What the same answer would cost on a priced model, its pictures counted by that model's rule; None if unknown."""
    return _as_if_cost(entry.usage, entry.pictures, reference)


@lru_cache(maxsize=20_000)
def _as_if_cost(usage: Usage, pictures: tuple[tuple[int, int], ...], reference: str) -> Decimal | None:
    # Thousands of answers of a batch are summed up at each drawing of it.
    there = [image_tokens(width, height, reference) for width, height in pictures]
    if usage.image_tokens is not None and there:
        if None in there:
            return None
        change = sum(count or 0 for count in there) - usage.image_tokens
        usage = replace(usage, input_tokens=max(0, usage.input_tokens + change))
    price = price_usage(usage, reference)
    return price.total if price else None


def charge(entry: Entry, language: Language, won_per_dollar: Decimal) -> str:
    """What was charged, marked where it is an estimate; nothing charged is exact."""
    if entry.cost is None:
        return t(language, "footnote.unknown_price")
    about = "≈ " if entry.usage.estimated and entry.cost else ""
    return about + money(entry.cost, won_per_dollar)


def _details(entry: Entry, language: Language) -> list[str]:
    usage = entry.usage
    lines = [
        t(language, "footnote.model", model=f"`{entry.model}`"),
        t(language, "footnote.input", tokens=number(usage.input_tokens), cached=number(usage.cached_tokens)),
        t(language, "footnote.output", tokens=number(usage.output_tokens), reasoning=number(usage.reasoning_tokens)),
    ]
    if entry.pictures:
        lines.append(_image_tokens(entry, language))
    reason = notes.outcome(entry.outcome, language)
    lines.append(t(language, "footnote.finish", reason=reason))
    lines.append(t(language, "footnote.total", seconds=seconds(entry.timing.total)))
    if usage.estimated:
        lines.append(t(language, "footnote.estimated"))
    return lines


def _image_tokens(entry: Entry, language: Language) -> str:
    """What the pictures cost by the server's own count, and what they were reckoned to cost before."""
    counted = None if entry.usage.estimated else entry.usage.image_tokens
    return t(
        language,
        "footnote.images",
        tokens=t(language, "footnote.not_told") if counted is None else number(counted),
        estimate=t(language, "picture.unknown") if entry.image_estimate is None else number(entry.image_estimate),
    )


def _wait(snapshot: Snapshot, language: Language) -> str:
    """Why nothing comes, in words; empty while there is nothing to explain."""
    if retrying := snapshot.retrying:
        pause = f"{math.ceil(retrying.seconds)}"
        reason = t(
            language,
            {"rate_limited": "chat.retry_limited", "unreachable": "chat.retry_unreachable"}.get(
                retrying.kind, "chat.retry_failed"
            ),
        )
        if retrying.asked:
            reason = t(language, "chat.retry_asked", seconds=pause)
        return t(language, "chat.retrying", reason=reason, seconds=pause, attempt=retrying.attempt + 1)
    if snapshot.text or snapshot.reasoning or snapshot.waited < WAIT_SHOWN_AFTER:
        return ""
    return t(language, "chat.waiting", seconds=f"{snapshot.waited:.0f}")
