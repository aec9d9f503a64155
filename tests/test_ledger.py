"""What was used and spent: sums that are exact, and an unknown price that is not zero."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from chat_core.events import Timing, Usage
from chat_core.ledger import Entry, Ledger, Totals


def entry(cost: str | None, usage: Usage | None = None, **fields: Any) -> Entry:
    usage = usage or Usage(10, 5, cached_tokens=4, reasoning_tokens=2)
    price = None if cost is None else Decimal(cost)
    return Entry(datetime(2026, 11, 22, tzinfo=UTC), "m", usage, price, Timing(0.5, 2.0), "stop", **fields)


def test_an_empty_ledger() -> None:
    assert Ledger().totals() == Totals(0, 0, 0, 0, 0, Decimal(0), 0, False)


def test_sums_are_exact() -> None:
    ledger = Ledger()
    for _ in range(10):
        ledger.add(entry("0.1"))
    ledger.add(entry("0.00021285"))
    assert ledger.totals() == Totals(11, 110, 44, 55, 22, Decimal("1.00021285"), 0, False)


def test_an_unknown_price_is_counted_and_not_added() -> None:
    ledger = Ledger()
    for cost in ("0.5", None, "0", None):
        ledger.add(entry(cost))
    totals = ledger.totals()
    assert (totals.turns, totals.cost, totals.unpriced) == (4, Decimal("0.5"), 2)
    # Tokens count whatever their price.
    assert totals.input_tokens == 40


def test_one_estimate_makes_the_sum_an_estimate() -> None:
    ledger = Ledger([entry("1")])
    assert not ledger.totals().estimated
    ledger.add(entry("1", Usage(1, 1, estimated=True), free=True))
    assert ledger.totals().estimated


def test_ledgers_do_not_share_entries() -> None:
    mine, other = Ledger(), Ledger()
    mine.add(entry("1"))
    assert other.entries == []
    assert [kept.cost for kept in mine.entries] == [Decimal(1)]
