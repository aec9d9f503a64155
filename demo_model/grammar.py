"""Weighted phrase grammars: a text in which some places have several ways to be said. Pure.

A ``Text`` is not yet an answer: it stands for all answers that can be made of it, each with a probability. The sampler
draws one of them, token by token.

A template is how a text is written down: ``"[Hello|Hi], {name}!"``. ``[a|b|c]`` is a place with several ways, the
likelier ones first; ``{name}`` is a slot for a value, which is never read as a template itself; ``{{`` and ``}}`` are
the braces themselves, and brackets without a bar are only brackets.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from demo_model.lazy_regex import lazy_regex

DECAY = 0.8
"""How much less likely each way is than the one before it, unless a text says otherwise."""

_MARKS = lazy_regex(r"\{\{|\}\}|\{(?P<slot>\w+)\}|\[(?P<ways>[^\[\]|]*(?:\|[^\[\]|]*)+)\]")

Rest = tuple["str | Choice", "Rest"] | None
"""What is still to be said, as a linked list: many continuations share their ends."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several texts, each with its share. Shares are above 0 and add up to 1."""

    ways: tuple[tuple[float, "Text"], ...]


@dataclass(frozen=True, slots=True)
class Text:
    """A sequence of plain strings and choices."""

    nodes: tuple[str | Choice, ...] = ()

    def __add__(self, other: "Text | str") -> "Text":
        return Text(self.nodes + as_text(other).nodes)

    def __radd__(self, other: str) -> "Text":
        return as_text(other) + self

    def __bool__(self) -> bool:
        return any(self.nodes)

    @property
    def first(self) -> str:
        """The text with the first way taken at every choice."""
        return "".join(node if isinstance(node, str) else node.ways[0][1].first for node in self.nodes)

    @property
    def longest(self) -> int:
        """The characters of the longest wording."""
        return sum(
            len(node) if isinstance(node, str) else max(way.longest for _, way in node.ways) for node in self.nodes
        )


def as_text(value: "Text | str | int") -> Text:
    """A value as a text: strings and numbers are said as they are."""
    return value if isinstance(value, Text) else Text((str(value),))


def joined(separator: str, parts: Iterable[Text | str]) -> Text:
    """The parts with the separator between them; empty parts are passed over."""
    nodes: list[str | Choice] = []
    for part in filter(None, map(as_text, parts)):
        if nodes:
            nodes.append(separator)
        nodes += part.nodes
    return Text(tuple(nodes))


def one_of(texts: Sequence[Text], decay: float = DECAY) -> Text:
    """A choice between whole texts, the likelier ones first. ``decay``: how much less likely each is than the last."""
    return texts[0] if len(texts) == 1 else Text((_choice([(decay**rank, text) for rank, text in enumerate(texts)]),))


def filled(template: str, values: Mapping[str, Text | str | int], decay: float = DECAY) -> Text:
    """A template with its slots filled. ``decay``: of its ways. Raises KeyError for a slot without a value.

    Where a value is empty, the blanks before it go with it.
    """
    nodes: list[str | Choice] = []
    for mark in _parsed(template):
        match mark:
            case str():
                nodes.append(mark)
            case _Slot(name):
                value = as_text(values[name])
                if not value and nodes and isinstance(nodes[-1], str):
                    nodes[-1] = nodes[-1].rstrip()
                nodes += value.nodes
            case _Ways(templates):
                nodes += one_of([filled(way, values, decay) for way in templates], decay).nodes
    return Text(tuple(nodes))


def after(text: Text, told: str) -> Text | None:
    """What can follow ``told``, the beginning of an answer made of ``text``; None if no answer begins so."""
    ways = [(share, Text(tuple(_nodes(rest)))) for share, rest in _following(1.0, chained(text.nodes), told)]
    if not ways:
        return None
    return ways[0][1] if len(ways) == 1 else Text((_choice(ways),))


def chained(nodes: Sequence[str | Choice], rest: Rest = None) -> Rest:
    """The nodes as a linked list before ``rest``."""
    for node in reversed(nodes):
        rest = (node, rest)
    return rest


@dataclass(frozen=True, slots=True)
class _Slot:
    name: str


@dataclass(frozen=True, slots=True)
class _Ways:
    templates: tuple[str, ...]


@lru_cache(maxsize=4096)
def _parsed(template: str) -> tuple[str | _Slot | _Ways, ...]:
    marks: list[str | _Slot | _Ways] = []
    place = 0
    for found in _MARKS.finditer(template):
        if found.start() > place:
            marks.append(template[place : found.start()])
        if slot := found["slot"]:
            marks.append(_Slot(slot))
        elif (ways := found["ways"]) is not None:
            marks.append(_Ways(tuple(ways.split("|"))))
        else:
            marks.append(found.group()[0])
        place = found.end()
    if place < len(template):
        marks.append(template[place:])
    return tuple(marks)


def _choice(ways: Sequence[tuple[float, Text]]) -> Choice:
    total = sum(share for share, _ in ways)
    return Choice(tuple((share / total, text) for share, text in ways))


def _following(share: float, rest: Rest, told: str) -> Iterator[tuple[float, Rest]]:
    while rest is not None and told:
        node, rest = rest
        if isinstance(node, Choice):
            for part, way in node.ways:
                yield from _following(share * part, chained(way.nodes, rest), told)
            return
        if told.startswith(node):
            told = told[len(node) :]
        elif node.startswith(told):
            yield share, (node[len(told) :], rest)
            return
        else:
            return
    if not told:
        yield share, rest


def _nodes(rest: Rest) -> Iterator[str | Choice]:
    while rest is not None:
        node, rest = rest
        yield node
