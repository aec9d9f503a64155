"""What a batch may cost, as it is typed into a form."""

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
