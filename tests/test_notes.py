"""What a visitor reads when something went wrong or ended early, in both languages."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from chat_core import Adjustment, errors
from chat_core.errors import ChatError, InputError
from chat_core.events import Timing, Usage
from chat_core.ledger import Entry
from chat_ui import notes
from chat_ui.texts import LANGUAGES, TEXTS, Language, t

FAILURES = [
    errors.KeyMissing("x", status=401),
    errors.KeyRefused("x", status=401),
    errors.AccessDenied("x", status=403),
    errors.QuotaExceeded("x", status=429),
    errors.RateLimited("x", status=429, seconds=0),
    errors.RateLimited("x", status=429, seconds=2.5),
    errors.ModelNotFound("x", status=404, model="gpt-x"),
    errors.EndpointNotFound("x", status=404, host="example.com"),
    errors.BatchesNotFound("x", status=404, host="example.com"),
    errors.BatchNotFound("x", status=404, host="example.com"),
    errors.ContextTooLong("x", status=400),
    errors.ImageRefused("x", status=400),
    errors.ParameterRefused("x", status=400, parameter="temperature"),
    errors.BadRequest("x", status=400),
    errors.Unreachable("x", host="example.com:1"),
    errors.ServerFailed("x", status=500, seconds=0.0),
    errors.TimedOut("x", clock="first_token", seconds=120.0),
    errors.TimedOut("x", clock="silence", seconds=60.0),
    errors.TimedOut("x", clock="whole_answer", seconds=600.0),
    errors.TimedOut("x", clock="models", seconds=10.0),
    errors.TimedOut("x", clock="batches", seconds=60.0),
    errors.BatchExpired("x"),
    errors.BatchCancelled("x"),
    errors.BatchMissing("x"),
    errors.StreamCut("x"),
    errors.NotChatCompletions("x"),
    errors.EmptyAnswer("x"),
    errors.ConnectionInputError("x", reason="url_private"),
    errors.ImageError("x", name="a.svg", reason="svg"),
    errors.FileError("x", name="a.bin", reason="not_text"),
    errors.JobError("x", reason="full"),
    errors.BatchFileError("x", reason="too_many"),
    errors.FetchError("x", status=404, host="example.com", reason="status"),
]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("error", FAILURES, ids=lambda error: f"{error.kind} {error.fields}")
def test_every_failure_has_a_note_and_a_sentence(error: ChatError, language: Language) -> None:
    note = notes.of_error(error, language)
    sentence = notes.sentence(error, language)
    for text in (note.title, note.text, sentence):
        assert text.strip()
        assert not re.search(r"[{}]|None|Traceback", text)
    assert re.sub("[`*]", "", note.text) in sentence
    assert note.title in sentence
    assert "\n" not in sentence
    assert ("retry" in note.actions) is not isinstance(error, InputError)
    # Our own words for it, not those for a fault of which nothing is known.
    assert note.title != t(language, "error.other.title")


def test_no_two_failures_read_alike() -> None:
    for language in LANGUAGES:
        told = [notes.sentence(error, language) for error in FAILURES]
        assert len(set(told)) == len(told)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (errors.RateLimited("x", seconds=3.0), "3 s"),
        (errors.RateLimited("x", seconds=2.5), "2.5 s"),
        (errors.TimedOut("x", clock="first_token", seconds=120.0), "120 s"),
        (errors.TimedOut("x", clock="silence", seconds=0.5), "0.5 s"),
        (errors.ModelNotFound("x", model="gpt-x"), "gpt-x"),
        (errors.ParameterRefused("x", parameter="seed"), "seed"),
        (errors.Unreachable("x", host="example.com:1"), "example.com:1"),
        (errors.ImageError("x", name="a.svg", reason="svg"), "a.svg"),
        (errors.FetchError("x", host="example.com", reason="timed_out"), "example.com"),
    ],
)
def test_values_stand_in_the_words(error: ChatError, words: str) -> None:
    assert words in notes.sentence(error, "en")


def test_a_rate_limit_without_seconds_promises_none() -> None:
    assert "0 s" not in notes.sentence(errors.RateLimited("x", seconds=0), "en")


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_the_server_said_and_its_request_id(language: Language) -> None:
    error = errors.BadRequest("x", status=400, server_words="no such thing", request_id="req_1")
    text = notes.of_error(error, language).text
    assert "no such thing" in text
    assert "`req_1`" in text
    assert "no such thing" not in notes.of_error(errors.BadRequest("x"), language).text
    # The message is for terminals and logs; the page has words of its own.
    secret = errors.BadRequest("a message for the log")
    assert "for the log" not in notes.of_error(secret, language).text + notes.sentence(secret, language)


HOSTILE = "<img src=x onerror=alert(1)> [a](javascript:x) ![b](http://x/c.png) `c` **d** # e | f \\<"


@pytest.mark.parametrize("language", LANGUAGES)
def test_words_of_others_are_inert(language: Language) -> None:
    adjustment = Adjustment("temperature", "refused_by_server", HOSTILE)
    end = notes.of_end("stop", language, text="", refusal=HOSTILE)
    assert end is not None
    for text in (
        notes.of_error(errors.BadRequest("x", server_words=HOSTILE), language).text,
        end.text,
        notes.of_adjustment(adjustment, language),
    ):
        assert "<" not in text
        assert "&lt;img src=x" in text
        # Every sign of Markdown that came from outside is escaped.
        foreign = text[text.index("&lt;img") :]
        assert not re.search(r"(?<!\\)(?:[\[\]]|!\\\[|\*\*d)", foreign)


@pytest.mark.parametrize(
    ("error", "with_text"),
    [
        (errors.StreamCut("x"), ("retry", "continue")),
        (errors.TimedOut("x", clock="silence", seconds=60.0), ("retry", "continue")),
        (errors.ServerFailed("x"), ("retry", "continue")),
        (errors.KeyRefused("x"), ("retry",)),
        (errors.Unreachable("x", host="h"), ("retry",)),
    ],
)
def test_what_can_be_continued(error: ChatError, with_text: tuple[str, ...]) -> None:
    assert notes.of_error(error, "en", has_text=True).actions == with_text
    assert notes.of_error(error, "en").actions == ("retry",)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_kind_without_words_is_a_fault_of_our_own(language: Language) -> None:
    class NewError(ChatError):
        kind = "something_new"

    assert notes.of_error(NewError("x"), language) == notes.unexpected(language)
    assert notes.unexpected(language).actions == ("retry",)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("finish_reason", "text", "refusal", "title", "actions"),
    [
        ("stop", "Hi", "", None, ()),
        ("stop", "", "", None, ()),
        ("function_call", "Hi", "", None, ()),
        ("length", "Hi", "", "note.length.title", ("continue", "retry")),
        ("length", "", "", "note.length.title", ("retry",)),
        ("content_filter", "Hi", "", "note.content_filter.title", ("retry",)),
        ("content_filter", "", "", "note.content_filter.title", ("retry",)),
        ("tool_calls", "", "", "note.tool_calls.title", ("retry",)),
        (None, "Hi", "", "note.unstated.title", ()),
        ("stop", "", "I can't.", "note.refusal.title", ("retry",)),
        ("length", "Hi", "I can't.", "note.refusal.title", ("retry",)),
    ],
)
def test_ends(
    finish_reason: str | None, text: str, refusal: str, title: str | None, actions: tuple[str, ...], language: Language
) -> None:
    note = notes.of_end(finish_reason, language, text=text, refusal=refusal)
    if title is None:
        assert note is None
        return
    assert note is not None
    assert note.title == t(language, title)
    assert note.actions == actions
    assert refusal in note.text
    assert "{" not in note.text


def test_an_answer_cut_before_its_first_word_is_told_apart() -> None:
    visible, hidden = (notes.of_end("length", "en", text=text, refusal="") for text in ("Hi", ""))
    assert visible is not None
    assert hidden is not None
    assert visible.text != hidden.text


@pytest.mark.parametrize(("text", "actions"), [("Hel", ("continue", "retry")), ("", ("retry",))])
def test_stopped(text: str, actions: tuple[str, ...]) -> None:
    note = notes.of_stop("en", text=text, entry=None)
    assert (note.title, note.actions) == ("Stopped", actions)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_stopped_answer_is_charged_free_or_nothing_at_all(language: Language) -> None:
    paid = Entry(datetime.now(UTC), "m", Usage(1, 1), Decimal(1), Timing(0.1, 1.0), "stopped")
    entries = (paid, replace(paid, free=True, cost=Decimal(0)), None)
    assert len({notes.of_stop(language, text="Hel", entry=entry).text for entry in entries}) == 3


@pytest.mark.parametrize("reason", [key.split(".")[1] for key in TEXTS if key.startswith("adjustment.")])
@pytest.mark.parametrize("language", LANGUAGES)
def test_adjustments_are_one_sentence_with_their_value(reason: str, language: Language) -> None:
    sentence = notes.of_adjustment(Adjustment("top_p", reason, "0.5"), language)
    assert "\n" not in sentence
    if reason != "none":
        assert "0.5" in sentence
