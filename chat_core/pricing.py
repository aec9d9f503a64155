"""What usage costs, in US dollars. The only importer of genai-prices; an unknown price is None, never zero.

genai-prices looks models up loosely (``gpt-5.1-mini`` finds ``gpt-5.1-codex-mini``), so its data is taken and its
lookup is not: an entry counts for its very name, for the name with a date after it, and for a few aliases. Nothing here
ever breaks an answer.
"""

import logging
import re
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Literal

from genai_prices import Usage as PricedUsage
from genai_prices.data_snapshot import get_snapshot
from genai_prices.types import ModelInfo, Provider, TieredPrices
from genai_prices.types import ModelPrice as Rates

from chat_core import models
from chat_core.events import Usage

logger = logging.getLogger(__name__)

Source = Literal["provider", "list_price"]

_MILLION = 1_000_000
# A snapshot or "the latest of" costs what the model costs: -2026-03-17 as OpenAI, -20260317 as others write it.
_SNAPSHOT = re.compile(r"-(\d{4}-\d{2}-\d{2}|\d{8}|latest)$")
# Other names of one and the same model at OpenAI.
_ALIASES = {
    "gpt-5.6": "gpt-5.6-sol",
    "gpt-5.3-chat-latest": "gpt-5.3",
    "gpt-5.2-chat-latest": "gpt-5.2",
    "gpt-4-0613": "gpt-4",
    "gpt-3.5-turbo-0125": "gpt-3.5-turbo",
}
# Tiers at the standard price; any other needs a price of its own.
_STANDARD_TIERS = (None, "auto", "default", "standard", "on_demand")


@dataclass(frozen=True, slots=True)
class Price:
    """The price of one answer, in US dollars.

    ``total`` is ``input`` (uncached, cache writes included) + ``cached`` + ``output``; ``reasoning`` is a part of
    ``output``.  ``source``: ``provider``, the price at the server that was asked; ``list_price``, OpenAI's for a model
    of this name, where the server's own is not known.  ``discount``: of a batch: ``batch``, the price list has a price
    for it; ``half``, it has none, and half of the standard price is assumed.
    """

    total: Decimal
    input: Decimal
    cached: Decimal
    output: Decimal
    reasoning: Decimal
    source: Source
    discount: Literal["none", "batch", "half"] = "none"


@dataclass(frozen=True, slots=True)
class ModelPrice:
    """US dollars per million tokens, for prompts below any long-prompt tier. ``cached``: None: no rate of its own."""

    input: Decimal
    cached: Decimal | None
    output: Decimal
    source: Source


def calc_cost(
    input_tokens: int, output_tokens: int, model: str, *, cached_tokens: int = 0, calls: int = 1
) -> Decimal | None:
    """OpenAI's list price of ``calls`` equal calls, in US dollars; None when it is unknown.

    One call is priced, so that the long-prompt tiers are those of one call, and then multiplied. ``input_tokens`` is
    the total, ``cached_tokens`` the part of it that was cached.
    """
    price = price_usage(Usage(input_tokens, output_tokens, cached_tokens=cached_tokens), model)
    return None if price is None else price.total * calls


def price_usage(usage: Usage, model: str, base_url: str | None = None, service_tier: str | None = None) -> Price | None:
    """The price of one answer by the provider of the base URL; where genai-prices does not know that one, OpenAI's list
    price on the exact model name; else None.

    ``service_tier``: the one that the response names. A tier without a price of its own is an unknown price.
    """
    # A wrong price list or odd usage figures must not cost anybody an answer that has already arrived.
    try:
        found = _find(model, base_url)
        if found is None:
            return None
        info, source = found
        rates = _rates(info, service_tier)
        return None if rates is None else _price(usage, rates, source)
    except Exception as error:
        logger.warning("No price for this answer: %s", type(error).__name__)
        return None


def price_batch_usage(usage: Usage, model: str, base_url: str | None = None) -> Price | None:
    """The price of one answer of a batch, found as ``price_usage`` finds it: the batch price where there is one in the
    list, else half of the standard price, which is what batches cost everywhere (``Price.discount`` says which)."""
    try:
        found = _find(model, base_url)
        if found is None:
            return None
        info, source = found
        known = _variant_rates(info, {"processing": "batch"})
        rates = known or _rates(info, None)
        if rates is None:
            return None
        price = _price(usage, rates, source)
        return replace(price, discount="batch") if known else _half(price)
    except Exception as error:
        logger.warning("No price for this answer: %s", type(error).__name__)
        return None


def model_price(model: str, base_url: str | None = None) -> ModelPrice | None:
    """The rates of a model, found as ``price_usage`` finds them."""
    try:
        found = _find(model, base_url)
        if found is None:
            return None
        info, source = found
        rates = _rates(info, None)
        if rates is None:
            return None
        cached = None if rates.cache_read_mtok is None else _rate(rates.cache_read_mtok, 0)
        return ModelPrice(_rate(rates.input_mtok, 0), cached, _rate(rates.output_mtok, 0), source)
    except Exception as error:
        logger.warning("No rates for this model: %s", type(error).__name__)
        return None


def reference_models(today: date | None = None) -> tuple[str, ...]:
    """Priced models, not shut down, that a person may pick to see what a free answer would have cost there."""
    day = today or datetime.now(UTC).date()
    return tuple(
        name for name in models.REFERENCE_MODELS if not models.lookup(name).ended(day) and model_price(name) is not None
    )


def _find(model: str, base_url: str | None) -> tuple[ModelInfo, Source] | None:
    """The entry of a model, and whose price it is. A known provider that has no entry for the model: unknown."""
    providers = get_snapshot().providers
    # Matched here and not by the library, which would keep every visitor's base URL in a cache of the process.
    provider = next((p for p in providers if base_url and re.match(p.api_pattern, base_url)), None)
    if provider is not None:
        info = _exact_model(provider, model, providers)
        return None if info is None else (info, "provider")
    # Open models carry OpenAI's names too (gpt-oss); OpenAI sells only what the catalogue knows.
    if not models.lookup(model).known:
        return None
    openai = next(p for p in providers if p.id == "openai")
    info = _exact_model(openai, model, providers)
    return None if info is None else (info, "list_price")


def _exact_model(provider: Provider, model: str, providers: list[Provider]) -> ModelInfo | None:
    """The provider's entry of this name, or the entry of one whose models it offers at the same price."""
    name = model.strip().lower()
    sellers = [provider, *(p for p in providers if p.id in (provider.fallback_model_providers or ()))]
    for wanted in (name, _SNAPSHOT.sub("", name), _ALIASES.get(name)):
        for seller in sellers:
            if info := next((entry for entry in seller.models if entry.id.lower() == wanted), None):
                return info
    return None


def _rates(info: ModelInfo, service_tier: str | None) -> Rates | None:
    """The rates in force now; None where the entry has none for text, or none for this tier."""
    if service_tier not in _STANDARD_TIERS:
        return _variant_rates(info, {"service_tier": str(service_tier)})
    return _text_rates(info, info.get_prices(datetime.now(UTC)))


def _variant_rates(info: ModelInfo, context: dict[str, str]) -> Rates | None:
    """The rates in force now for a way of asking that has a price of its own; None where it has none."""
    now = datetime.now(UTC)
    variants = [variant for variant in info.price_variants or () if variant.when == context]
    if not any(variant.constraint is None or variant.constraint.active(now) for variant in variants):
        return None
    return _text_rates(info, info.get_prices(now, context))


def _text_rates(info: ModelInfo, rates: Rates) -> Rates | None:
    if rates.input_mtok is None and rates.output_mtok is None and info.id.endswith(":free"):
        return Rates(input_mtok=Decimal(0), output_mtok=Decimal(0))
    return None if rates.input_mtok is None or rates.output_mtok is None else rates


def _price(usage: Usage, rates: Rates, source: Source) -> Price:
    input_tokens, output_tokens = max(0, usage.input_tokens), max(0, usage.output_tokens)
    cached = min(max(0, usage.cached_tokens), input_tokens)
    written = min(max(0, usage.cache_write_tokens), input_tokens - cached)
    reasoning = min(max(0, usage.reasoning_tokens), output_tokens)
    costs = rates.calc_price(
        PricedUsage(
            input_tokens=input_tokens,
            output_tokens=output_tokens,
            cache_read_tokens=cached,
            cache_write_tokens=written,
        )
    )
    cached_rate = rates.input_mtok if rates.cache_read_mtok is None else rates.cache_read_mtok
    cached_cost = _rate(cached_rate, input_tokens) * cached / _MILLION
    return Price(
        total=costs["total_price"],
        input=costs["total_price"] - costs["output_price"] - cached_cost,
        cached=cached_cost,
        output=costs["output_price"],
        reasoning=_rate(rates.output_mtok, input_tokens) * reasoning / _MILLION,
        source=source,
    )


def _half(price: Price) -> Price:
    parts = {name: getattr(price, name) / 2 for name in ("total", "input", "cached", "output", "reasoning")}
    return replace(price, **parts, discount="half")


def _rate(rate: Decimal | TieredPrices | None, input_tokens: int) -> Decimal:
    """Dollars per million tokens in the tier of a prompt of this length. Raises TypeError where there is no rate."""
    if isinstance(rate, TieredPrices):
        return next((tier.price for tier in reversed(rate.tiers) if input_tokens > tier.start), rate.base)
    if rate is None:
        raise TypeError("no rate")
    return rate
