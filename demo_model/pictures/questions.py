"""A question about pictures -> what it asks for, by the patterns of ``questions.toml``. Pure."""

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

from demo_model.lazy_regex import lazy_regex

LONGEST = 600
"""Characters of a question that are looked at."""

_WORDS: dict[str, dict[str, list[str]]] = tomllib.loads((Path(__file__).parent / "questions.toml").read_text("utf-8"))
_PATTERNS = {
    section: {name: lazy_regex("|".join(patterns), re.IGNORECASE) for name, patterns in entries.items()}
    for section, entries in _WORDS.items()
}
_BAR_NUMBERS = lazy_regex(
    r"\bbars? (?:number |no\. ?|#)?(\d{1,2})\b|(?<!\d)(\d{1,2}) ?번(?:째)?|\band (\d{1,2})\b", re.IGNORECASE
)
_IF_NONE = lazy_regex(
    r"\b(?:only|just) [\"'“‘]([^\"'”’\n]{1,40})[\"'”’]|[\"'“‘]([^\"'”’\n]{1,40})[\"'”’]이?라고만", re.IGNORECASE
)
BETWEEN = lazy_regex(
    r"(?<=[?!.])\s+|,?\s+and\s+(?=(?:what|how|where|who|when|which|is|are|convert|sort|count|calculate)\b)"
    r"|,?\s+그리고\s+|(?<=몇 개고),?\s+",
    re.IGNORECASE,
)
"""Where one question of a message ends and the next begins."""

_MOST_QUESTIONS = 4
_ALL_FOUR_CORNERED = ("square", "rectangle", "diamond")
_ABOUT_PICTURES = ("difference", "tallest", "shortest", "code", "horizon", "gap")


@dataclass(frozen=True, slots=True)
class Asked:
    """What a question is about.

    ``piece``: the kind of text that is to be written; then nothing else is read but the ``items`` of a safety check and
    what is to be said ``if_none`` (no text, no data).  ``topics``: what is asked for, the most telling first; empty: a
    description.  ``kinds``: the kinds of figure that it is about; empty: any, or none.  ``figures``: whether it is
    about figures at all.  ``bars``: whether it is about bars, and ``numbers`` which ones.  ``rank``: 2 for "the second
    tallest".
    """

    piece: str | None = None
    items: tuple[str, ...] = ()
    if_none: str | None = None
    topics: tuple[str, ...] = ()
    colours: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    figures: bool = False
    bars: bool = False
    position: str | None = None
    numbers: tuple[int, ...] = ()
    rank: int = 1

    @property
    def topic(self) -> str | None:
        return self.topics[0] if self.topics else None


def read(question: str) -> Asked:
    """What a question in Korean or English asks for."""
    text = question[:LONGEST]
    if piece := next(iter(_found("pieces", text)), None):
        if_none = _IF_NONE.search(text)
        return Asked(piece=piece, items=_found("items", text), if_none=if_none and (if_none[1] or if_none[2]))
    kinds = _found("kinds", text)
    if "quadrilateral" in kinds and not {"square", "rectangle"} & set(kinds):
        kinds = (*kinds, *_ALL_FOUR_CORNERED)
    numbers = tuple(int(next(filter(None, found.groups()))) for found in _BAR_NUMBERS.finditer(text))
    ordinals = tuple(int(name) for name in _found("ordinals", text))
    return Asked(
        topics=_found("topics", text),
        colours=_found("colours", text),
        kinds=tuple(kind for kind in kinds if kind not in ("bar", "any", "quadrilateral")),
        figures=bool(kinds),
        bars="bar" in kinds,
        position=next(iter(_found("positions", text)), None),
        numbers=tuple(dict.fromkeys((*numbers, *ordinals))),
        rank=max(ordinals, default=1),
    )


def read_all(question: str) -> list[Asked]:
    """What each of the questions of a message asks for, a few at the most; what asks for nothing is passed over."""
    if (asked := read(question)).piece:
        return [asked]
    parts = [(part, read(part)) for part in BETWEEN.split(question[:LONGEST].strip())]
    asking = [each for part, each in parts if each.topics or (part.endswith("?") and (each.figures or each.colours))]
    return asking[:_MOST_QUESTIONS] if len(asking) > 1 else [asked]


def concerns(question: str) -> bool:
    """Whether a question is about what stands in a picture: figures, bars or their colours."""
    asked = read(question)
    about = any(topic in asked.topics for topic in ("count", "where", "colours", "largest", "smallest"))
    return (asked.figures and about) or any(topic in asked.topics for topic in _ABOUT_PICTURES)


def _found(section: str, text: str) -> tuple[str, ...]:
    return tuple(name for name, pattern in _PATTERNS[section].items() if pattern.search(text))
