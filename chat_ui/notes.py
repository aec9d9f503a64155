"""Failures and ends of answers in words: what happened, what it means, what to do. Pure; knows no widget."""

import re
from dataclasses import dataclass, replace

from chat_core.errors import ChatError, InputError, RateLimited, TimedOut
from chat_core.events import Adjustment
from chat_core.json_output import Parsed, Problem
from chat_core.ledger import Entry
from chat_ui import texts
from chat_ui.texts import Language, t


@dataclass(frozen=True, slots=True)
class Note:
    """A titled text under an answer. ``actions``: what its buttons do, ``retry`` or ``continue``."""

    title: str
    text: str
    actions: tuple[str, ...] = ()


def of_error(error: ChatError, language: Language, *, has_text: bool = False) -> Note:
    """The note of a failure. ``has_text``: part of an answer came before it, so it may be continued."""
    if f"error.{error.kind}.title" not in texts.TEXTS:
        return unexpected(language)
    lines = [_error_text(error, language)]
    if error.server_words:
        lines.append(t(language, "error.server_said", words=_inert(error.server_words)))
    if error.request_id:
        lines.append(t(language, "error.request_id", id=f"`{error.request_id}`"))
    title = t(language, f"error.{error.kind}.title", **_fields(error))
    can_continue = has_text and error.kind in ("stream_cut", "timed_out", "server_failed")
    if isinstance(error, InputError):
        # Asking again would fail again: the message itself has to be changed.
        return Note(title, "\n\n".join(lines))
    return Note(title, "\n\n".join(lines), ("retry", "continue") if can_continue else ("retry",))


def of_end(finish_reason: str | None, language: Language, *, text: str, refusal: str) -> Note | None:
    """The note of an answer that ended otherwise than by a plain stop; None for that."""
    if refusal:
        return _end("refusal", language, ("retry",), refusal=_inert(refusal))
    match finish_reason:
        case "length" if text:
            return _end("length", language, ("continue", "retry"))
        case "length":
            return Note(t(language, "note.length.title"), t(language, "note.length_empty.text"), ("retry",))
        case "content_filter" | "tool_calls":
            return _end(finish_reason, language, ("retry",))
        case None:
            return _end("unstated", language, ())
    return None


def of_json_length(limit: int | None, language: Language) -> Note:
    """The note of a JSON answer that the token limit has cut. ``limit``: the one that was asked for; None: the model's
    own, which cannot be raised. It is not offered to go on: half a JSON value and another make none."""
    title = t(language, "note.length_json.title")
    if limit is None:
        return Note(title, t(language, "note.length_json_model.text"))
    return Note(title, t(language, "note.length_json.text", limit=limit), (f"raise_limit:{2 * limit}",))


def of_json(parsed: Parsed, text: str, language: Language) -> Note | None:
    """The note of a JSON answer with something wrong in it, and where; None for one that is as it should be."""
    if parsed.problem is None:
        return None
    title = t(language, "json.usable.title" if parsed.found else "json.invalid.title")
    return Note(title, f"{json_problem(parsed.problem, text, language)}\n\n{t(language, 'json.kept')}", ("retry",))


def json_problem(problem: Problem, text: str, language: Language) -> str:
    """What is wrong with an answer that should be JSON: a sentence, with its place and the words there."""
    values: dict[str, str | int] = {name: _inert(str(value)) for name, value in problem.values.items()}
    line = plain_json_problem(replace(problem, values=values), language)
    if not problem.line:
        return line
    around = " ".join(text[max(0, problem.offset - 30) : problem.offset + 30].split())
    return f"{line}\n\n{_as_code(around)}" if around else line


def plain_json_problem(problem: Problem, language: Language) -> str:
    """The same as a plain sentence with its place."""
    what = t(language, f"json.problem.{problem.kind}", **problem.values)
    if not problem.line:
        return what[:1].upper() + what[1:]
    return t(language, "json.place", line=problem.line, column=problem.column, what=what)


def _as_code(words: str) -> str:
    fence = "`" * (max((len(run) for run in re.findall("`+", words)), default=0) + 1)
    return f"{fence} {words} {fence}"


def of_stop(language: Language, *, text: str, entry: Entry | None) -> Note:
    """The note of an answer that the visitor stopped. ``entry``: what was used of it; None: nothing that is known."""
    used = "nothing" if entry is None else "free" if entry.free else "charged"
    title, actions = t(language, "note.stopped.title"), ("continue", "retry") if text else ("retry",)
    return Note(title, t(language, f"note.stopped_{used}.text"), actions)


def outcome(name: str, language: Language) -> str:
    """How an answer ended, in a word: the API's own finish reason, or ours for what it has no word for."""
    if name == "stopped":
        return t(language, "note.stopped.title")
    if name == "unstated":
        return t(language, "footnote.unstated")
    key = f"error.{name}.title"
    return t(language, key) if key in texts.TEXTS else name


def unexpected(language: Language) -> Note:
    """The note of a fault of our own."""
    return Note(t(language, "error.other.title"), t(language, "error.other.text"), ("retry",))


def sentence(error: ChatError, language: Language) -> str:
    """A failure as one or two plain sentences, for toasts and for clients of the API."""
    if f"error.{error.kind}.title" not in texts.TEXTS:
        return plain(unexpected(language))
    title = t(language, f"error.{error.kind}.title", **_fields(error))
    return f"{title}. {_error_text(error, language)}".replace("`", "").replace("*", "")


def plain(note: Note) -> str:
    """A note as plain sentences, for files and for clients of the API."""
    return f"{note.title}. {note.text}".replace("`", "").replace("*", "").replace("\\", "")


def plain_end(name: str, language: Language, **fields: str) -> str:
    """The note of an end, as plain sentences: ``refusal``, ``content_filter``."""
    return plain(_end(name, language, (), **fields))


def plain_server_words(error: ChatError, language: Language) -> str:
    """What the server itself said, as a plain sentence."""
    return t(language, "error.server_said", words=error.server_words)


def of_adjustment(adjustment: Adjustment, language: Language) -> str:
    """What in a request is not as it was asked for, as one sentence."""
    return t(
        language, f"adjustment.{adjustment.reason}", parameter=adjustment.parameter, value=_inert(adjustment.value)
    )


def _end(name: str, language: Language, actions: tuple[str, ...], **fields: str) -> Note:
    return Note(t(language, f"note.{name}.title"), t(language, f"note.{name}.text", **fields), actions)


def _error_text(error: ChatError, language: Language) -> str:
    key = f"error.{error.kind}.text"
    if isinstance(error, TimedOut):
        key = f"error.timed_out_{error.fields['clock']}.text"
    elif isinstance(error, RateLimited) and error.fields.get("seconds"):
        key = "error.rate_limited_seconds.text"
    elif isinstance(error, InputError):
        key = f"error.{error.kind}.{error.fields['reason']}"
    return t(language, key, **_fields(error))


def _fields(error: ChatError) -> dict[str, object]:
    return {name: f"{value:g}" if isinstance(value, float) else value for name, value in error.fields.items()}


def _inert(words: str) -> str:
    """Foreign words without the characters that Markdown and HTML act on."""
    for char in "\\`*_[]<>#|!":
        words = words.replace(char, f"\\{char}" if char not in "<>" else {"<": "&lt;", ">": "&gt;"}[char])
    return words
