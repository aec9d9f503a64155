"""How one of several phrases is chosen: softmax over ranked alternatives, with temperature, top_p and seed."""

import hashlib
import random
from collections.abc import Sequence
from math import exp
from typing import TypeVar

from demo_model.call import Call, Sampling

T = TypeVar("T")


class Chooser:
    """Chooses among alternatives; the first ranks highest. At temperature 0, or top_p 0, it is always the first."""

    def __init__(self, sampling: Sampling, salt: str) -> None:
        self._sampling = sampling
        # Unseeded throws are not secrets: an ordinary generator will do.
        self._random = random.Random() if sampling.seed is None else random.Random(f"{sampling.seed}|{salt}")

    def pick(self, options: Sequence[T]) -> T:
        """One of the options; rank i has logit -i."""
        temperature = self._sampling.temperature
        if temperature == 0 or len(options) == 1:
            return options[0]
        weights = [exp(-rank / temperature) for rank in range(len(options))]
        kept = _nucleus(weights, self._sampling.top_p)
        return self._random.choices(options[:kept], weights[:kept])[0]


def chooser_for(call: Call, index: int) -> Chooser:
    """The chooser of one of ``n`` answers: with a seed, the same input gives the same answer."""
    digest = hashlib.sha256()
    for turn in call.turns:
        digest.update(f"{turn.role}\0{turn.text}\0{turn.pictures}\0".encode())
    return Chooser(call.sampling, f"{digest.hexdigest()}|{index}")


def _nucleus(weights: list[float], top_p: float) -> int:
    """How many of the falling weights make up the share ``top_p``; at least one."""
    wanted, reached = top_p * sum(weights), 0.0
    for number, weight in enumerate(weights, start=1):
        reached += weight
        if reached >= wanted:
            return number
    return len(weights)
