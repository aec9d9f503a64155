"""What a batch may cost, as it is typed into a form."""

from decimal import Decimal
from typing import Any

import pytest

from chat_core.batch import Budget
from chat_ui.limits import allowed, budget


@pytest.mark.parametrize(
    ("dollars", "count", "left"),
    [
        (1, 10, Budget(Decimal("0.75"), 8)),
        (0.5, None, Budget(Decimal("0.25"), None)),
        ("0.5", 2, Budget(Decimal("0.25"), 0)),
        (0.1, 1, Budget(Decimal(0), 0)),
        (0, 0, Budget()),
        (None, None, Budget()),
        (-1, -1, Budget()),
        ("many", "many", Budget()),
        (float("nan"), float("nan"), Budget()),
        (float("inf"), 10**12, Budget()),
        ([1], {"a": 1}, Budget()),
    ],
)
def test_limits_hold_for_all_that_was_spent_and_asked(dollars: Any, count: Any, left: Budget) -> None:
    assert budget(dollars, count, spent=Decimal("0.25"), asked=2) == left


@pytest.mark.parametrize(
    ("within", "costs", "room"),
    [
        (Budget(), [1, 1], 2),
        (Budget(items=1), [1, 1], 1),
        (Budget(items=9), [1, 1], 2),
        (Budget(Decimal(2)), [1, 1, 1], 2),
        (Budget(Decimal(2), 1), [1, 1, 1], 1),
        (Budget(Decimal(0)), [1], 0),
        (Budget(Decimal(0)), [0, 0], 2),
        (Budget(Decimal(0)), [], 0),
        # Where one is unknown, dollars cannot be counted.
        (Budget(Decimal(1), 2), [5, None, 5], 2),
    ],
)
def test_a_budget_has_room_for_so_many(within: Budget, costs: list[int | None], room: int) -> None:
    assert allowed(within, [None if cost is None else Decimal(cost) for cost in costs]) == room
