"""The cards of the first screen: what each one asks, with which controls, step by step. Pure; knows no widget.

A card is a short list of ordinary messages. It sets the controls that matter for what it shows, and leaves alone those
that do not: the model, and everything under *More parameters*, stay the visitor's choice.
"""

from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from chat_core.personas import find
from chat_core.settings import ASSETS
from chat_ui.controls import Controls, HistorySent
from chat_ui.gradio_messages import Draft
from chat_ui.texts import Language, t

EXAMPLES = ASSETS / "examples"
NO_PERSONA = "none"

# What the messages of two cards ask for, by example. Keys are data, the same in every language.
BARS_SHAPE = '{"bars": [{"name": "...", "colour": "...", "height": 0}]}'
TALE_SHAPE = '{"people": ["aaa", "bbb"], "summary": "..."}'

# The card that counts a text; it calls no model.
COUNT = "count"


@dataclass(frozen=True, slots=True)
class Preset:
    """The controls that a card sets, in the order of ``Sidebar.presets``. ``persona``: the id of the chosen one, whose
    ``prompt`` may have been edited."""

    persona: str
    prompt: str
    own_temperature: bool
    temperature: float | None
    json_mode: bool
    history: HistorySent
    stream: bool

    @classmethod
    def of(cls, controls: Controls, persona: str) -> "Preset":
        """What the sidebar says."""
        return cls(
            persona,
            controls.persona,
            controls.own_temperature,
            controls.temperature,
            controls.json_mode,
            controls.history,
            controls.stream,
        )

    def over(self, controls: Controls) -> Controls:
        """The sidebar's controls with these in their place."""
        return replace(
            controls,
            persona=self.prompt,
            own_temperature=self.own_temperature,
            temperature=self.temperature,
            json_mode=self.json_mode,
            history=self.history,
            stream=self.stream,
        )

    def values(self, language: Language) -> tuple[Any, ...]:
        """For the widgets. A persona's own prompt comes in the language that the page speaks by now."""
        known = find(self.persona)
        untouched = known is not None and self.prompt.strip() in (known.prompt.ko, known.prompt.en)
        translated = replace(self, prompt=known.prompt.text(language)) if known and untouched else self
        return tuple(getattr(translated, field.name) for field in fields(translated))


@dataclass(frozen=True, slots=True)
class Step:
    """One message of a card and the controls it is sent with.

    ``text``: the key of its words.  ``shape``: an example of the JSON that is wanted, put into them.  ``temperature``:
    None: the model's own.
    """

    text: str
    picture: Path | None = None
    shape: str = ""
    json_mode: bool = False
    history: HistorySent = "all"
    temperature: float | None = None

    def draft(self, language: Language) -> Draft:
        """The message, as if it had been typed."""
        text = t(language, self.text, shape=self.shape) if self.shape else t(language, self.text)
        return Draft(text, ((str(self.picture), self.picture.name),) if self.picture else ())

    def preset(self, before: Preset) -> Preset:
        """The controls of this message. ``before``: the visitor's; the slider stays where it is if it is not needed."""
        own = self.temperature is not None
        temperature = self.temperature if own else before.temperature
        return Preset(NO_PERSONA, "", own, temperature, self.json_mode, self.history, stream=True)


@dataclass(frozen=True, slots=True)
class Card:
    """``steps``: none for the card that only counts.  ``shows``: the control that the card is about, if it is one:
    ``json_mode``, ``history`` or ``temperature``."""

    name: str
    steps: tuple[Step, ...] = ()
    shows: str = ""


CARDS: tuple[Card, ...] = (
    Card("shapes", (Step("ask.shapes", EXAMPLES / "shapes.png"),)),
    Card("bars", (Step("ask.bars", EXAMPLES / "bars.png", shape=BARS_SHAPE, json_mode=True),), "json_mode"),
    Card(
        "memory",
        (Step("ask.my_name_is"), Step("ask.my_name"), Step("ask.my_name", history="none")),
        "history",
    ),
    Card("tale", (Step("ask.tale", shape=TALE_SHAPE, json_mode=True),), "json_mode"),
    Card(
        "temperature",
        tuple(Step("ask.story", history="none", temperature=value) for value in (0.3, 1.0, 1.8)),
        "temperature",
    ),
    Card(COUNT),
)


def card_named(name: object) -> Card | None:
    """The card of this name; None if there is none (the name comes from a browser)."""
    return next((card for card in CARDS if card.name == name), None)


@dataclass(frozen=True, slots=True)
class Run:
    """A card on its way. ``before``: the controls to put back when it is over.  ``place``: of the step that is due."""

    card: Card
    before: Preset
    place: int = 0

    @property
    def step(self) -> Step:
        return self.card.steps[self.place]

    @property
    def preset(self) -> Preset:
        """The controls of the step that is due."""
        return self.step.preset(self.before)

    @property
    def following(self) -> "Run | None":
        """The same card one step further; None after the last."""
        return replace(self, place=self.place + 1) if self.place + 1 < len(self.card.steps) else None


def shown_setting(run: Run, language: Language) -> str:
    """The control that the card is about, as the step sets it, in words; empty where there is none."""
    step = run.step
    match run.card.shows:
        case "json_mode":
            return t(language, "card.json_on")
        case "history":
            how = t(language, "history.all") if step.history == "all" else t(language, "history.none")
            return f"{t(language, 'history.label')}: {how}"
        case "temperature":
            return f"{t(language, 'temperature.label')}: {step.temperature}"
    return ""
