"""The catalogue: the whole matrix is pinned here, so that a change of a row is a change that somebody meant."""

import inspect
import re
import tomllib
from datetime import date
from pathlib import Path
from typing import get_args

import pytest
import tiktoken
from openai.types.shared import chat_model

from chat_core import models
from chat_core.models import Profile, lookup
from chat_core.request import Effort

N, M, L, H, X, XX = "none", "minimal", "low", "medium", "high", "xhigh"
TO_MAX = (N, L, H, X, XX, "max")
TO_XHIGH = (N, L, H, X, XX)
ALL = models.ALL_EFFORTS

# model, context, input limit, output limit, images, efforts, default effort, sampling, reasoning, shutdown
MATRIX = [
    ("gpt-6-astra", 1_050_000, 922_000, 128_000, True, (L, H, X, XX), H, "never", True, None),
    ("gpt-6.2-astra", None, 922_000, 128_000, True, ALL, None, "yes", True, None),
    ("gpt-6.2-sol", None, 922_000, 128_000, True, ALL, None, "yes", True, None),
    ("gpt-6.1-sol", 1_050_000, 922_000, 128_000, True, (L, H, X, XX, "max"), H, "never", True, None),
    ("gpt-6.1-terra", 1_050_000, 922_000, 128_000, True, TO_MAX, H, "with_none", True, None),
    ("gpt-6-sol", 1_050_000, 922_000, 128_000, True, TO_MAX, H, "with_none", True, None),
    ("gpt-6-luna", 1_050_000, 922_000, 128_000, True, TO_MAX, H, "with_none", True, None),
    ("gpt-6-something", None, None, None, None, ALL, None, "yes", True, None),
    ("gpt-5.6-sol", 1_050_000, 922_000, 128_000, True, TO_MAX, H, "with_none", True, None),
    ("gpt-5.6-terra", 1_050_000, 922_000, 128_000, True, TO_MAX, H, "with_none", True, None),
    ("gpt-5.6-luna", 1_050_000, 922_000, 128_000, True, TO_MAX, H, "with_none", True, None),
    ("gpt-5.6", 1_050_000, 922_000, 128_000, True, TO_MAX, H, "with_none", True, None),
    ("gpt-5.5", 1_000_000, None, 128_000, True, TO_XHIGH, H, "with_none", True, None),
    ("gpt-5.4", 1_050_000, None, 128_000, True, TO_XHIGH, N, "with_none", True, None),
    ("gpt-5.4-mini", 400_000, 272_000, 128_000, True, TO_XHIGH, N, "with_none", True, None),
    ("gpt-5.4-nano", 400_000, 272_000, 128_000, True, TO_XHIGH, N, "with_none", True, date(2027, 4, 1)),
    ("gpt-5.3-chat-latest", 128_000, None, None, True, ALL, None, "yes", True, date(2026, 8, 10)),
    ("gpt-5.2-chat-latest", 400_000, None, None, True, ALL, None, "yes", True, date(2026, 8, 10)),
    ("gpt-5.2", 400_000, 272_000, 128_000, True, TO_XHIGH, N, "with_none", True, None),
    ("gpt-5.1", 400_000, 272_000, 128_000, True, (N, L, H, X), N, "with_none", True, date(2027, 4, 1)),
    ("gpt-5.1-codex", None, None, None, None, ALL, None, "yes", True, date(2026, 7, 23)),
    ("gpt-5-chat-latest", None, None, None, None, ALL, None, "yes", True, date(2026, 7, 23)),
    ("gpt-5", 400_000, 272_000, 128_000, True, (M, L, H, X), None, "never", True, date(2026, 12, 11)),
    ("gpt-5-mini", 400_000, 272_000, 128_000, True, (M, L, H, X), None, "never", True, date(2026, 12, 11)),
    ("gpt-5-nano", 400_000, 272_000, 128_000, True, (M, L, H, X), None, "never", True, date(2026, 12, 11)),
    ("gpt-5.1-mini", None, None, None, None, ALL, None, "yes", True, None),
    ("gpt-4.1", 1_047_576, None, 32_768, True, (), None, "yes", False, date(2027, 1, 14)),
    ("gpt-4.1-mini", 1_047_576, None, 32_768, True, (), None, "yes", False, date(2027, 1, 14)),
    ("gpt-4.1-nano", 1_047_576, None, 32_768, True, (), None, "yes", False, date(2026, 10, 23)),
    ("gpt-4o-2024-05-13", 128_000, None, None, True, (), None, "yes", False, date(2026, 10, 23)),
    ("gpt-4o", 128_000, None, 16_384, True, (), None, "yes", False, date(2027, 1, 14)),
    ("gpt-4o-mini", 128_000, None, 16_384, True, (), None, "yes", False, date(2027, 1, 14)),
    ("gpt-4o-search-preview", 128_000, None, None, None, (), None, "yes", False, date(2026, 7, 23)),
    ("gpt-4o-audio-preview-2024-10-01", 128_000, None, None, None, (), None, "yes", False, date(2025, 10, 10)),
    ("gpt-4o-audio-preview", 128_000, None, None, None, (), None, "yes", False, date(2026, 5, 7)),
    ("chatgpt-4o-latest", 128_000, None, None, None, (), None, "yes", False, date(2026, 2, 17)),
    ("gpt-audio-mini", 128_000, None, None, None, (), None, "yes", False, date(2027, 1, 20)),
    ("o3", 200_000, None, 100_000, True, (L, H, X), None, "never", True, date(2026, 12, 11)),
    ("o1", 200_000, None, 100_000, True, (L, H, X), None, "never", True, date(2026, 10, 23)),
    ("o1-pro", 200_000, None, 100_000, True, (L, H, X), None, "never", True, None),
    ("o4-mini", 200_000, None, 100_000, True, (L, H, X), None, "never", True, date(2026, 10, 23)),
    ("o3-mini", 200_000, None, 100_000, False, (L, H, X), None, "never", True, date(2026, 10, 23)),
    ("o1-preview", 128_000, None, None, None, ALL, None, "never", True, date(2025, 7, 28)),
    ("o1-mini", 128_000, None, None, None, ALL, None, "never", True, date(2025, 10, 27)),
    ("codex-mini-latest", 200_000, None, None, None, ALL, None, "never", True, date(2026, 2, 12)),
    ("computer-use-preview", 8_192, None, None, True, ALL, None, "yes", False, None),
    ("gpt-4", 8_192, None, None, False, (), None, "yes", False, date(2026, 10, 23)),
    ("gpt-4-turbo", 128_000, None, None, True, (), None, "yes", False, date(2026, 10, 23)),
    ("gpt-4-1106-preview", 128_000, None, None, None, (), None, "yes", False, date(2026, 10, 23)),
    ("gpt-4-0314", 8_192, None, None, False, (), None, "yes", False, date(2026, 3, 26)),
    ("gpt-4-turbo-preview", 128_000, None, None, None, (), None, "yes", False, date(2026, 3, 26)),
    ("gpt-4-vision-preview", 128_000, None, None, True, (), None, "yes", False, date(2024, 12, 6)),
    ("gpt-4-32k", 32_000, None, None, None, (), None, "yes", False, date(2025, 6, 6)),
    ("gpt-3.5-turbo", 16_385, None, None, False, (), None, "yes", False, date(2026, 10, 23)),
    ("gpt-3.5-turbo-1106", 16_385, None, None, False, (), None, "yes", False, date(2026, 9, 28)),
    ("gpt-3.5-turbo-16k", None, None, None, False, (), None, "yes", False, date(2024, 9, 13)),
    ("demo", 128_000, None, 16_384, True, (), None, "yes", False, None),
    ("demo-retiring", 128_000, None, 16_384, True, (), None, "yes", False, None),
    ("demo-text", 128_000, None, 16_384, False, (), None, "yes", False, None),
    ("demo-reasoner", 128_000, None, 16_384, True, ("low", "medium", "high"), "medium", "never", True, None),
    ("drill-quota", 128_000, None, 16_384, True, (), None, "yes", False, None),
]

UNKNOWN = [
    "llama3.2:3b",
    "gpt-oss-20b",
    "openai/gpt-oss-120b",
    "qwen3-vl:8b",
    "claude-x",
    "mygpt-5",
    "demonstration",
    "",
]


@pytest.mark.parametrize("row", MATRIX, ids=[row[0] for row in MATRIX])
def test_matrix(row: tuple) -> None:
    profile = lookup(row[0])
    assert profile.known
    assert (
        row[0],
        profile.context_window,
        profile.input_limit,
        profile.output_limit,
        profile.images,
        profile.efforts,
        profile.default_effort,
        profile.sampling,
        profile.reasoning,
        profile.shutdown,
    ) == row


def test_every_row_is_in_the_matrix() -> None:
    pinned = {id(lookup(row[0])) for row in MATRIX}
    assert [patterns for patterns, profile in models._PROFILES if id(profile) not in pinned] == []


@pytest.mark.parametrize("name", UNKNOWN)
def test_a_model_without_a_row_is_the_common_case_and_refused_nothing(name: str) -> None:
    profile = lookup(name)
    assert profile == Profile()
    assert profile.images is None
    assert not profile.known
    for parameter in (*models.SAMPLING_PARAMETERS, *models.REASONING_REFUSES, "reasoning_effort", "seed", "n"):
        for effort in (None, *ALL):
            assert profile.refuses(parameter, effort) is None


@pytest.mark.parametrize(
    ("name", "same_as"),
    [
        ("openai/gpt-4o", "gpt-4o"),
        (" GPT-4o ", "gpt-4o"),
        ("gpt-5.4-mini-2026-03-17", "gpt-5.4-mini"),
        ("openai/gpt-5.4-mini-2026-03-17", "gpt-5.4-mini"),
        ("gpt-4o-2024-08-06", "gpt-4o"),
        ("o3-2025-04-16", "o3"),
        ("gpt-3.5-turbo-0125", "gpt-3.5-turbo"),
        ("gpt-4o-mini-audio-preview-2024-12-17", "gpt-4o-audio-preview"),
    ],
)
def test_names_of_one_model(name: str, same_as: str) -> None:
    assert lookup(name) is lookup(same_as)


def test_a_dated_model_with_a_row_of_its_own_keeps_it() -> None:
    assert lookup("gpt-4o-2024-05-13").shutdown == date(2026, 10, 23)


REFUSALS = [
    ("gpt-4o", "temperature", None, None),
    ("gpt-4o", "stop", None, None),
    ("gpt-4o", "max_tokens", None, None),
    ("gpt-4o", "reasoning_effort", "none", "not_taken_by_model"),
    ("gpt-4.1", "reasoning_effort", "low", "not_taken_by_model"),
    ("gpt-5.4-mini", "temperature", None, None),
    ("gpt-5.4-mini", "temperature", "none", None),
    ("gpt-5.4-mini", "temperature", "low", "only_with_effort_none"),
    ("gpt-5.4-mini", "top_logprobs", "high", "only_with_effort_none"),
    ("gpt-5.4-mini", "stop", "none", "not_taken_by_model"),
    ("gpt-5.4-mini", "max_tokens", None, "not_taken_by_model"),
    ("gpt-5.4-mini", "max_completion_tokens", None, None),
    ("gpt-5.4-mini", "seed", None, None),
    # minimal is not sent to this model, so its default (none) is in force, and temperature is taken.
    ("gpt-5.4-mini", "reasoning_effort", "minimal", "effort_not_supported"),
    ("gpt-5.4-mini", "temperature", "minimal", None),
    ("gpt-5.1", "reasoning_effort", "xhigh", "effort_not_supported"),
    ("gpt-5.6-luna", "temperature", None, "only_with_effort_none"),
    ("gpt-5.6-luna", "temperature", "none", None),
    ("gpt-5.6-luna", "reasoning_effort", "max", None),
    ("gpt-5.6-luna", "reasoning_effort", "minimal", "effort_not_supported"),
    ("gpt-5.5", "top_p", None, "only_with_effort_none"),
    ("gpt-5", "temperature", "minimal", "not_taken_by_model"),
    ("gpt-5", "reasoning_effort", "none", "effort_not_supported"),
    ("gpt-5", "reasoning_effort", "minimal", None),
    ("gpt-6-astra", "logprobs", None, "not_taken_by_model"),
    ("gpt-6-astra", "reasoning_effort", "max", "effort_not_supported"),
    ("gpt-6.2-sol", "temperature", None, None),
    ("gpt-6.2-sol", "logit_bias", None, "not_taken_by_model"),
    ("o3", "temperature", "low", "not_taken_by_model"),
    ("o3", "presence_penalty", None, "not_taken_by_model"),
    ("o3", "reasoning_effort", "low", None),
    ("demo", "temperature", "high", None),
    ("demo", "reasoning_effort", "high", "not_taken_by_model"),
    ("demo", "stop", None, None),
    ("demo-reasoner", "temperature", None, "not_taken_by_model"),
    ("demo-reasoner", "reasoning_effort", "high", None),
    ("demo-reasoner", "reasoning_effort", "max", "effort_not_supported"),
]


@pytest.mark.parametrize(("model", "parameter", "effort", "reason"), REFUSALS)
def test_refusals(model: str, parameter: str, effort: str | None, reason: str | None) -> None:
    assert lookup(model).refuses(parameter, effort) == reason


def test_the_catalogue_is_consistent() -> None:
    assert get_args(Effort) == models.ALL_EFFORTS
    patterns = [pattern for pattern, _ in models._ROWS]
    assert len(patterns) == len(set(patterns))
    for pattern, profile in models._ROWS:
        assert set(profile.efforts) <= set(models.ALL_EFFORTS), pattern
        assert profile.default_effort is None or profile.default_effort in profile.efforts, pattern
        if profile.sampling == "with_none":
            assert "none" in profile.efforts, pattern
            assert profile.default_effort is not None, pattern
        if profile.image_rule is not None:
            assert profile.images, pattern
    for pattern in patterns:
        assert pattern.endswith("*") or lookup(pattern) is dict(models._ROWS)[pattern], f"{pattern} is never reached"


def test_shutdown_dates_are_those_that_the_sdk_announces() -> None:
    announced: dict[str, str] = {}
    for entry in re.split(r"^- ", inspect.getsource(chat_model), flags=re.MULTILINE)[1:]:
        if found := re.search(r"Announced\s+shutdown\s+date:\s+(\d{4}-\d{2}-\d{2})", entry):
            announced |= dict.fromkeys(re.findall(r'"(\S+?)"', entry), found[1])
    assert len(announced) > 50
    for name in get_args(chat_model.ChatModel):
        shutdown = lookup(name).shutdown
        if name in announced:
            assert shutdown == date.fromisoformat(announced[name]), name
        elif shutdown is not None:
            assert lookup(name) is lookup(models.without_date(name)), f"{name} has a date that nobody announced"


def test_tokenizers_are_those_that_tiktoken_names() -> None:
    for name in get_args(chat_model.ChatModel):
        profile = lookup(name)
        try:
            assert profile.tokenizer == tiktoken.encoding_name_for_model(name), name
        except KeyError:
            assert not profile.tokenizer_known, name
        else:
            assert profile.tokenizer_known, name


@pytest.mark.parametrize(
    ("day", "ended"), [(date(2026, 12, 10), False), (date(2026, 12, 11), True), (date(2027, 1, 1), True)]
)
def test_ended(day: date, ended: bool) -> None:
    assert lookup("gpt-5").ended(day) is ended
    assert not lookup("gpt-5.4-mini").ended(day)


def test_the_table_is_dated() -> None:
    table = tomllib.loads((Path(models.__file__).parent / "models.toml").read_text("utf-8"))
    assert date(2026, 11, 22) <= table["checked"]
