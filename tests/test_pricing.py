"""Prices: exact decimals, whose price it is, and that an unknown price is None and never a wrong one."""

from datetime import date
from decimal import Decimal

import pytest

from chat_core.events import Usage
from chat_core.pricing import calc_cost, model_price, price_batch_usage, price_usage, reference_models

OPENAI = "https://api.openai.com/v1"
OPENROUTER = "https://openrouter.ai/api/v1"
GROQ = "https://api.groq.com/openai/v1"
ELSEWHERE = "https://models.example.org/v1"


def test_a_million_calls_of_the_course() -> None:
    assert calc_cost(703, 179, "gpt-4o-mini", calls=1_000_000) == Decimal("212.85")


@pytest.mark.parametrize(
    ("tokens", "model", "cached", "calls", "expected"),
    [
        ((1_000_000, 0), "gpt-4o-mini", 0, 1, "0.15"),
        ((0, 1_000_000), "gpt-4o-mini", 0, 1, "0.60"),
        ((100_000, 0), "gpt-4o-mini", 100_000, 1, "0.0075"),
        ((100_000, 0), "gpt-4o-mini", 900_000, 1, "0.0075"),
        ((100_000, 0), "gpt-4", 50_000, 1, "3"),
        ((272_000, 1_000), "gpt-5.4", 0, 1, "0.695"),
        ((272_001, 1_000), "gpt-5.4", 0, 1, "1.382505"),
        # Two calls of 200,000 tokens are not one of 400,000.
        ((200_000, 0), "gpt-5.4", 0, 2, "1.0"),
        ((0, 0), "gpt-4o", 0, 1, "0"),
        ((1, 1), "gpt-4o", 0, 0, "0"),
        ((-5, -5), "gpt-4o", -5, 1, "0"),
    ],
)
def test_cost(tokens: tuple[int, int], model: str, cached: int, calls: int, expected: str) -> None:
    assert calc_cost(*tokens, model, cached_tokens=cached, calls=calls) == Decimal(expected)


PRICES = [
    ("gpt-6-astra", "10", "1", "50"),
    ("gpt-6.1-sol", "2", "0.10", "10"),
    ("gpt-6.1-terra", "1", "0.05", "5"),
    ("gpt-6-sol", "2", "0.20", "10"),
    ("gpt-6-luna", "0.10", "0.01", "0.50"),
    ("gpt-5.6-sol", "4", "0.40", "20"),
    ("gpt-5.6", "4", "0.40", "20"),
    ("gpt-5.6-terra", "2", "0.20", "12"),
    ("gpt-5.6-luna", "0.20", "0.02", "1.20"),
    ("gpt-5.5", "5", "0.50", "30"),
    ("gpt-5.4", "2.50", "0.25", "15"),
    ("gpt-5.4-mini", "0.75", "0.075", "4.50"),
    ("gpt-5.4-mini-2026-03-17", "0.75", "0.075", "4.50"),
    ("gpt-5.4-nano", "0.20", "0.02", "1.25"),
    ("gpt-5.2", "1.75", "0.175", "14"),
    ("gpt-5.1", "1.25", "0.125", "10"),
    ("gpt-5", "1.25", "0.125", "10"),
    ("gpt-5-mini", "0.25", "0.025", "2"),
    ("gpt-5-nano", "0.05", "0.005", "0.40"),
    ("gpt-4.1", "2", "0.50", "8"),
    ("gpt-4.1-mini", "0.40", "0.10", "1.60"),
    ("gpt-4.1-nano", "0.10", "0.025", "0.40"),
    ("gpt-4o", "2.50", "1.25", "10"),
    ("GPT-4o-2024-08-06", "2.50", "1.25", "10"),
    ("gpt-4o-2024-05-13", "5", None, "15"),
    ("gpt-4o-mini", "0.15", "0.075", "0.60"),
    ("o3", "2", "0.50", "8"),
    ("o1", "15", "7.5", "60"),
    ("o4-mini", "1.10", "0.275", "4.40"),
    ("o3-mini", "1.10", "0.55", "4.40"),
    ("gpt-4", "30", None, "60"),
    ("gpt-4-0613", "30", None, "60"),
    ("gpt-4-turbo", "10", None, "30"),
    ("gpt-3.5-turbo", "0.50", None, "1.50"),
    ("gpt-3.5-turbo-0125", "0.50", None, "1.50"),
    ("gpt-5.3-chat-latest", "1.75", "0.175", "14"),
    ("gpt-5.2-chat-latest", "1.75", "0.175", "14"),
]


@pytest.mark.parametrize(("model", "input_rate", "cached_rate", "output_rate"), PRICES)
def test_rates(model: str, input_rate: str, cached_rate: str | None, output_rate: str) -> None:
    for base_url, source in ((None, "list_price"), (ELSEWHERE, "list_price"), (OPENAI, "provider")):
        price = model_price(model, base_url)
        assert price is not None
        assert price.source == source
        assert price.input == Decimal(input_rate)
        assert price.cached == (Decimal(cached_rate) if cached_rate else None)
        assert price.output == Decimal(output_rate)


@pytest.mark.parametrize(
    ("model", "base_url"),
    [
        # genai-prices finds an entry for each of these, under another name.
        ("gpt-5.1-mini", None),
        ("gpt-5.1-mini", OPENAI),
        ("gpt-5.1-codex-max", OPENAI),
        ("gpt-5.5-chat-latest", OPENAI),
        ("gpt-4-0125-preview", OPENAI),
        ("gpt-4o-mini-search-preview", OPENAI),
        ("ft:gpt-4o-2024-08-06:acme::id", OPENAI),
        ("text-moderation-latest", OPENAI),
        # Not in the list at all.
        ("gpt-6.2-sol", None),
        ("gpt-5.4-mini-turbo", None),
        ("gpt-5.4-mini-2026", None),
        ("llama3.2:3b", ELSEWHERE),
        ("demo", "http://127.0.0.1:8001/v1"),
        ("", None),
        # OpenAI's name on an open model is no offer of OpenAI's.
        ("gpt-oss-20b", ELSEWHERE),
        ("openai/gpt-4o", ELSEWHERE),
        # A provider that is known, but not for this model.
        ("gpt-4o", GROQ),
        # In the list, without a price for text.
        ("whisper-1", OPENAI),
        ("text-embedding-3-small", OPENAI),
    ],
)
def test_an_unknown_price_is_none(model: str, base_url: str | None) -> None:
    assert model_price(model, base_url) is None
    assert price_usage(Usage(1000, 1000), model, base_url) is None
    if base_url is None:
        assert calc_cost(1000, 1000, model) is None


@pytest.mark.parametrize(
    ("model", "base_url"),
    [
        ("openai/gpt-4o", OPENROUTER),
        ("openai/gpt-4o-2024-08-06", OPENROUTER),
        ("openai/gpt-5.4-20260305", OPENROUTER),
        ("llama-3.3-70b-versatile", GROQ),
        ("gpt-4o", "https://acme.openai.azure.com/openai/v1"),
    ],
)
def test_the_provider_of_the_base_url_names_the_price(model: str, base_url: str) -> None:
    price = price_usage(Usage(1000, 1000), model, base_url)
    assert price is not None
    assert price.source == "provider"
    assert price.total > 0


def test_what_a_provider_gives_away_is_zero_and_known() -> None:
    price = price_usage(Usage(1000, 1000), "agentica-org/deepcoder-14b-preview:free", OPENROUTER)
    assert price is not None
    assert price.total == 0


@pytest.mark.parametrize(
    ("model", "usage"),
    [
        ("gpt-5.4-mini", Usage(10_000, 2_000, cached_tokens=4_096, reasoning_tokens=1_500)),
        ("gpt-6-sol", Usage(300_000, 2_000, cached_tokens=100_000, cache_write_tokens=50_000, reasoning_tokens=500)),
        ("gpt-4", Usage(1_000, 10, cached_tokens=100)),
        ("gpt-5.6-luna", Usage(1_000, 0, cached_tokens=600, cache_write_tokens=900)),
    ],
)
def test_the_parts_are_the_whole(model: str, usage: Usage) -> None:
    price = price_usage(usage, model)
    assert price is not None
    assert price.input + price.cached + price.output == price.total
    assert price.input >= 0
    assert 0 <= price.reasoning <= price.output


def test_the_parts() -> None:
    price = price_usage(Usage(10_000, 2_000, cached_tokens=4_000, reasoning_tokens=1_500), "gpt-5.4-mini")
    assert price is not None
    assert price.input == Decimal("0.0045")
    assert price.cached == Decimal("0.0003")
    assert price.output == Decimal("0.009")
    assert price.reasoning == Decimal("0.00675")


def test_cache_writes_cost_their_own_rate() -> None:
    price = price_usage(Usage(2_000, 0, cache_write_tokens=1_000), "gpt-6-sol")
    assert price is not None
    assert price.total == Decimal("0.0045")


@pytest.mark.parametrize(
    ("tier", "expected"),
    [
        (None, "2.5"),
        ("auto", "2.5"),
        ("default", "2.5"),
        ("on_demand", "2.5"),
        ("flex", "1.25"),
        ("priority", "5"),
        ("scale", None),
        ("no-such-tier", None),
    ],
)
def test_service_tier(tier: str | None, expected: str | None) -> None:
    price = price_usage(Usage(100_000, 0), "gpt-5.4", OPENAI, tier)
    assert (price and price.total * 10) == (expected and Decimal(expected))


def test_a_tier_without_a_price_of_its_own_is_unknown() -> None:
    assert price_usage(Usage(1000, 0), "gpt-4o-mini", OPENAI, "flex") is None


def test_odd_figures_do_not_raise() -> None:
    assert price_usage(Usage(10, 10, cached_tokens=99, reasoning_tokens=99), "gpt-4o") is not None
    assert price_usage(Usage("many", 1), "gpt-4o") is None


def test_reference_models_are_priced_and_alive() -> None:
    today = date(2026, 11, 22)
    names = reference_models(today)
    assert names[0] == "gpt-5.4-mini"
    assert len(names) == 8
    assert all(calc_cost(1000, 1000, name) for name in names)
    later = reference_models(date(2027, 4, 1))
    assert set(names) - set(later) == {"gpt-4o-mini", "gpt-5.4-nano"}
    assert set(reference_models()) <= set(names)


# --- batches ----------------------------------------------------------------------------------------------------------


def test_a_batch_costs_what_the_list_says() -> None:
    usage = Usage(10_000, 2_000, cached_tokens=4_000)
    price = price_batch_usage(usage, "gpt-5.4-mini-2026-03-17", OPENAI)
    assert price is not None
    assert (price.source, price.discount) == ("provider", "batch")
    assert price.total == Decimal("0.375") * 6 / 1000 + Decimal("0.0375") * 4 / 1000 + Decimal("2.25") * 2 / 1000


def test_where_the_list_has_no_batch_price_it_is_half_and_says_so() -> None:
    usage = Usage(1000, 1000, cached_tokens=100, reasoning_tokens=100)
    whole = price_usage(usage, "deepseek/deepseek-chat", OPENROUTER)
    half = price_batch_usage(usage, "deepseek/deepseek-chat", OPENROUTER)
    assert whole is not None
    assert half is not None
    assert (whole.discount, half.discount) == ("none", "half")
    for part in ("total", "input", "cached", "output", "reasoning"):
        assert getattr(half, part) == getattr(whole, part) / 2


def test_an_unknown_price_of_a_batch_is_unknown() -> None:
    assert price_batch_usage(Usage(1000, 1000), "nobody-knows-this", OPENAI) is None
    assert price_batch_usage(Usage(1000, 1000), "nobody-knows-this") is None
