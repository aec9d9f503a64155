"""What was used and spent: one entry a turn, and their totals. One ledger belongs to one visitor."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from chat_core.events import Timing, Usage


@dataclass(frozen=True, slots=True)
class Entry:
    """One answer that was paid for, whole or not.

    ``cost``: US dollars charged, None where the price is unknown, 0 on this machine.  ``free``: nobody is charged, so
    an as-if price may stand beside it.  ``pictures``: (width, height) in pixels of those that were sent, which cost
    other numbers of tokens elsewhere.  ``image_estimate``: what they were reckoned to cost in tokens before they were
    sent; None where that was not known.  ``outcome``: the finish reason, ``stopped``, or the kind of the error.
    """

    when: datetime
    model: str
    usage: Usage
    cost: Decimal | None
    timing: Timing
    outcome: str
    free: bool = False
    pictures: tuple[tuple[int, int], ...] = ()
    image_estimate: int | None = None


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over entries. ``unpriced``: how many entries have no known price and so are not in ``cost``."""

    turns: int
    input_tokens: int
    cached_tokens: int
    output_tokens: int
    reasoning_tokens: int
    cost: Decimal
    unpriced: int
    estimated: bool


@dataclass(slots=True)
class Ledger:
    """Entries in the order in which they were written."""

    entries: list[Entry] = field(default_factory=list)

    def add(self, entry: Entry) -> None:
        self.entries.append(entry)

    def totals(self) -> Totals:
        """The sums. Charged money only: as-if prices are kept apart by whoever shows them."""
        usages = [entry.usage for entry in self.entries]
        return Totals(
            turns=len(self.entries),
            input_tokens=sum(usage.input_tokens for usage in usages),
            cached_tokens=sum(usage.cached_tokens for usage in usages),
            output_tokens=sum(usage.output_tokens for usage in usages),
            reasoning_tokens=sum(usage.reasoning_tokens for usage in usages),
            cost=sum((entry.cost for entry in self.entries if entry.cost is not None), Decimal(0)),
            unpriced=sum(entry.cost is None for entry in self.entries),
            estimated=any(usage.estimated for usage in usages),
        )
