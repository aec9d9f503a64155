"""The model catalogue: a pure lookup in ``models.toml``, the dated place for what a model accepts and when it ends."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, get_args

from chat_core.messages import Detail

Encoding = Literal["o200k_base", "cl100k_base"]
Sampling = Literal["yes", "with_none", "never"]
Reason = Literal["not_taken_by_model", "only_with_effort_none", "effort_not_supported"]

ALL_EFFORTS = ("none", "minimal", "low", "medium", "high", "xhigh", "max")

_DATE = re.compile(r"-\d{4}-\d{2}-\d{2}$")


@dataclass(frozen=True, slots=True)
class TileRule:
    """``base`` tokens and ``tile`` tokens for each 512-pixel square; detail low costs the base alone."""

    base: int
    tile: int


@dataclass(frozen=True, slots=True)
class PatchSize:
    """What a picture is shrunk to: the longest side in pixels, and a budget in patches. None: no such bound."""

    max_side: int | None = None
    budget: int | None = None


@dataclass(frozen=True, slots=True)
class PatchRule:
    """``multiplier`` tokens for each patch of 32 by 32 pixels.

    ``low``, ``high``, ``original``: the size at that detail level; None: not supported, or unknown.
    ``auto``: the level that auto, or no detail at all, stands for.
    """

    multiplier: Decimal
    auto: Literal["high", "original"]
    low: PatchSize | None = None
    high: PatchSize | None = None
    original: PatchSize | None = None

    def size(self, detail: Detail) -> PatchSize | None:
        """The size at a detail level; None: not supported, or unknown."""
        level = self.auto if detail == "auto" else detail
        return {"low": self.low, "high": self.high, "original": self.original}[level]


ImageRule = TileRule | PatchRule


@dataclass(frozen=True, slots=True)
class Profile:
    """What is known of a model. The defaults are the common case, for a model without a row: everything is taken.

    ``known``: the catalogue has a row for it.  ``context_window``, ``input_limit``, ``output_limit``: tokens.
    ``images``: whether it takes pictures.  ``image_rule``: what a picture costs.  None in one of these: unknown.
    ``tokenizer_known``: false where ``tokenizer`` is only the likeliest one, and a count with it an estimate.
    ``efforts``: the values of ``reasoning_effort`` it takes; empty: it takes none.  ``default_effort``: the one that is
    in force when none is sent; None: unknown.  ``sampling``: when temperature, top_p and logprobs are taken.
    ``reasoning``: a reasoning model, which takes no stop texts, penalties or logit bias.  ``shutdown``: the day on
    which it ends.
    """

    known: bool = False
    context_window: int | None = None
    input_limit: int | None = None
    output_limit: int | None = None
    images: bool | None = None
    image_rule: ImageRule | None = None
    tokenizer: Encoding = "o200k_base"
    tokenizer_known: bool = False
    efforts: tuple[str, ...] = ALL_EFFORTS
    default_effort: str | None = None
    sampling: Sampling = "yes"
    reasoning: bool = False
    shutdown: date | None = None

    def refuses(self, parameter: str, effort: str | None) -> Reason | None:
        """Why a parameter (its name on the wire) is not sent to this model; None if it may be sent.

        ``effort``: the ``reasoning_effort`` that was asked for, if any. Where it is None, or one that the model does
        not take and that is therefore not sent, the model's default is in force.
        """
        if parameter == "reasoning_effort":
            return self._refuses_effort(effort)
        if self.reasoning and parameter in REASONING_REFUSES:
            return "not_taken_by_model"
        if parameter in SAMPLING_PARAMETERS:
            return self._refuses_sampling(effort if effort in self.efforts else self.default_effort)
        return None

    def takes_detail(self, detail: Detail) -> bool:
        """False for a level of detail that the model is known not to take."""
        match self.image_rule:
            case TileRule():
                return detail != "original"
            case PatchRule(original=None, high=PatchSize()):
                return detail != "original"
        return True

    def ended(self, today: date) -> bool:
        """Whether the model has been shut down by this day."""
        return self.shutdown is not None and self.shutdown <= today

    def _refuses_effort(self, effort: str | None) -> Reason | None:
        if not self.efforts:
            return "not_taken_by_model"
        return None if effort is None or effort in self.efforts else "effort_not_supported"

    def _refuses_sampling(self, effort_in_force: str | None) -> Reason | None:
        match self.sampling:
            case "yes":
                return None
            case "with_none":
                return None if effort_in_force == "none" else "only_with_effort_none"
            case "never":
                return "not_taken_by_model"


def lookup(model_id: str) -> Profile:
    """The profile of a model: the first row that matches, or the common case.

    The id may carry a date (``gpt-5.4-mini-2026-03-17``) and the prefix ``openai/`` that gateways put before it.
    """
    name = model_id.strip().lower().removeprefix("openai/")
    undated = without_date(name)
    for pattern, profile in _ROWS:
        if _matches(pattern, name) or _matches(pattern, undated):
            return profile
    return Profile()


def without_date(name: str) -> str:
    """A model id without the date of its snapshot (``-YYYY-MM-DD``)."""
    return _DATE.sub("", name)


def _matches(pattern: str, name: str) -> bool:
    return name.startswith(pattern[:-1]) if pattern.endswith("*") else name == pattern


def _profile(row: Mapping[str, Any], rules: Mapping[str, ImageRule]) -> Profile:
    """A row as a profile. Raises TypeError on a key, and KeyError on an image rule, that does not exist."""
    values: dict[str, Any] = {"known": True, "tokenizer_known": True, "efforts": (), **row}
    del values["match"]
    values["efforts"] = tuple(values["efforts"])
    if "image_rule" in values:
        values["image_rule"] = rules[values["image_rule"]]
    return Profile(**values)


def _image_rule(table: Mapping[str, Any]) -> ImageRule:
    if "tile" in table:
        return TileRule(**table)
    sizes = {level: PatchSize(**table[level]) for level in get_args(Detail) if level != "auto" and level in table}
    return PatchRule(multiplier=table["multiplier"], auto=table["auto"], **sizes)


_TABLE = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"), parse_float=Decimal)
_RULES = {name: _image_rule(table) for name, table in _TABLE["image_rules"].items()}
_PROFILES = [(row["match"], _profile(row, _RULES)) for row in _TABLE["models"]]
_ROWS = [(pattern, profile) for patterns, profile in _PROFILES for pattern in patterns]

MAX_IMAGE_PATCHES: int = _TABLE["max_image_patches"]
SAMPLING_PARAMETERS: frozenset[str] = frozenset(_TABLE["sampling_parameters"])
REASONING_REFUSES: frozenset[str] = frozenset(_TABLE["reasoning_refuses"])
REFERENCE_MODELS: tuple[str, ...] = tuple(_TABLE["reference_models"])
