"""What requests are expected to cost and have cost, in words: charged money, and what free answers would have cost."""

from collections.abc import Sequence
from decimal import Decimal
from html import escape

from chat_core.chat import cost_of
from chat_core.connections import Connection
from chat_core.events import Usage
from chat_core.ledger import Ledger
from chat_core.pricing import price_usage
from chat_ui.texts import Language, money, t
from chat_ui.transcript import as_if_cost


def total(costs: Sequence[Decimal | None]) -> Decimal | None:
    """The sum; None where one is unknown."""
    return None if None in costs else sum((cost for cost in costs if cost is not None), Decimal(0))


def expected_cost(connection: Connection, model: str, usage: Usage) -> Decimal | None:
    """US dollars of this usage; where nobody is charged, by the list price of ``model``."""
    if not connection.free:
        return cost_of(connection, model, usage)
    price = price_usage(usage, model)
    return price.total if price else None


def price_words(cost: Decimal | None, connection: Connection, language: Language, reference: str, won: Decimal) -> str:
    """What something is expected to cost. ``cost``: where nobody is charged, that on the model ``reference``."""
    if connection.free:
        free = t(language, "meter.free")
        if cost is None:
            return free
        return f"{free} ({t(language, 'meter.as_if', model=escape(reference), money=money(cost, won))})"
    if cost is None:
        return t(language, "meter.price_unknown")
    return "≈ " + money(cost, won)


def spent_words(ledger: Ledger, language: Language, reference: str, won: Decimal) -> str:
    """Charged money; where nobody is charged, what the same would have cost."""
    totals = ledger.totals()
    about = "≈ " if totals.estimated else ""
    spent = (about if totals.cost else "") + money(totals.cost, won)
    if totals.unpriced:
        # Never 0 for what is not known.
        unknown = t(language, "usage.unpriced", count=totals.unpriced)
        spent = f"{spent} {unknown}" if totals.unpriced < len(ledger.entries) else t(language, "usage.unknown")
    line = t(language, "describe.spent", money=spent)
    as_if = total([as_if_cost(entry, reference) for entry in ledger.entries if entry.free])
    if as_if:
        line += f" ({t(language, 'meter.as_if', model=escape(reference), money=money(as_if, won))})"
    return line
