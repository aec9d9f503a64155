"""The family: which models there are, and what each of them takes. A model that is a drill fails as real servers do."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Literal, get_args

Effort = Literal["low", "medium", "high"]
EFFORTS: tuple[Effort, ...] = get_args(Effort)

Drill = Literal[
    "wrong-key",
    "quota",
    "rate-limit",
    "server-error",
    "silence",
    "cut",
    "length",
    "content-filter",
    "refusal",
    "blanks",
]
DRILLS: tuple[Drill, ...] = get_args(Drill)

DAYS_LEFT = 20
"""Days until the retiring model is shut down, whatever day it is today."""


@dataclass(frozen=True, slots=True)
class Model:
    """One model.

    ``sees``: it takes pictures.  ``reasons``: it shows its working first, takes ``reasoning_effort`` and no sampling
    parameters.  ``retires``: it has a shutdown date.  ``drill``: the failure that it plays.
    """

    id: str
    sees: bool = True
    reasons: bool = False
    retires: bool = False
    drill: Drill | None = None

    @property
    def shutdown(self) -> date | None:
        """The day on which it ends; None: no such day is known."""
        return datetime.now(UTC).date() + timedelta(days=DAYS_LEFT) if self.retires else None


MODELS: dict[str, Model] = {
    model.id: model
    for model in (
        Model("demo"),
        Model("demo-reasoner", reasons=True),
        Model("demo-text", sees=False),
        Model("demo-retiring", retires=True),
        *(Model(f"drill-{drill}", drill=drill) for drill in DRILLS),
    )
}
