"""The working of ``demo-reasoner``: what the program really did before it answered, said step by step."""

from typing import Protocol

from demo_model import tokens
from demo_model.call import Turn
from demo_model.family import Effort
from demo_model.grammar import Text, as_text, joined
from demo_model.skills import arithmetic, text_skills
from demo_model.speaker import Speaker

_LONGEST = 2000
"""Characters of a question that are worked on aloud."""

_MOST_STEPS: dict[Effort, int] = {"low": 0, "medium": 3, "high": 12}


class Read(Protocol):
    """The part of a reading that is worked on."""

    @property
    def turns(self) -> tuple[Turn, ...]: ...
    @property
    def question(self) -> str: ...
    @property
    def material(self) -> str: ...
    @property
    def speaker(self) -> Speaker: ...


def working(reading: Read, kind: str, effort: Effort) -> Text:
    """The steps that led to an answer of this kind: few at low effort, all of them at high."""
    speaker, turns = reading.speaker, reading.turns
    persona = any(turn.role in ("system", "developer") for turn in turns)
    steps = [speaker.say("think_read", messages=len(turns), language=speaker.say("language"))]
    if effort != "low":
        steps.append(speaker.say("think_persona" if persona else "think_no_persona"))
    steps.append(speaker.say("think_kind", kind=speaker.kind(kind)))
    if effort != "low":
        steps += [as_text(line) for line in _details(reading, kind)[: _MOST_STEPS[effort]]]
    if effort == "high":
        number = sum(tokens.count(turn.text[:_LONGEST]) for turn in turns)
        steps.append(speaker.say("think_counted", tokens=f"{number:,}"))
    return joined("\n\n", [*steps, speaker.say("think_ready")])


def _details(reading: Read, kind: str) -> list[str]:
    """The steps of the skill itself, in signs that need no language."""
    question = reading.question[:_LONGEST]
    match kind:
        case "sum":
            return [f"`{step}`" for step in arithmetic.steps(question)]
        case "count" if letter := text_skills.letter_question(question):
            wanted, word = letter[0].lower(), letter[1].lower()
            places = [str(place) for place, each in enumerate(word, start=1) if each == wanted]
            return [f"`{'-'.join(letter[1])}`", f"`{letter[0]}` → {', '.join(places) or '-'}"]
        case "sort":
            return [" < ".join(f"`{item}`" for item in text_skills.sorted_items(question)[:12])]
        case "summary" | "pasted":
            scored = text_skills.scored_sentences(reading.material or reading.question)
            return [f"{score:.1f} · {sentence[:60]}" for score, sentence in scored]
    return []
