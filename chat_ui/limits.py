"""What a batch may cost, as it is typed into a form."""

from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from chat_core.batch import Budget


def budget(dollars: Any, count: Any, *, spent: Decimal, asked: int) -> Budget:
    """What is left of the limits, which hold for all that was ``spent`` and ``asked`` before; 0 and nothing are no
    limit, and so is what is no number."""
    try:
        most = Decimal(str(dollars)) if dollars is not None else Decimal(0)
    except InvalidOperation:
        most = Decimal(0)
    items = int(count) if isinstance(count, int | float) and 0 < count < 10**9 else 0
    return Budget(
        dollars=max(Decimal(0), most - spent) if most.is_finite() and most > 0 else None,
        items=max(0, items - asked) if items else None,
    )


def allowed(budget: Budget, costs: Sequence[Decimal | None]) -> int:
    """How many of these, in their order, the budget has room for. ``costs``: US dollars; where one is unknown, only
    their number counts."""
    most = len(costs) if budget.items is None else min(len(costs), budget.items)
    if budget.dollars is None or None in costs:
        return most
    spent = Decimal(0)
    for place, cost in enumerate(costs[:most]):
        spent += cost or Decimal(0)
        if spent > budget.dollars:
            return place
    return most
