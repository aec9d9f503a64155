"""Facts measured in pictures as the source of JSON values: a key gets the fact of its name, or of a name like it."""

from collections.abc import Mapping
from typing import Any

from demo_model.reading.extracting import Found
from demo_model.reading.keys import TABLES, Field, words_of

_NAMES: dict[str, list[str]] = TABLES["facts"]
_LISTS = ("bars", "shapes", "counts", "areas", "codes", "pictures", "colours")
"""Lists of a picture's facts, the most telling first."""

_FIRST_WORDS = ("kind", "colour", "position")
_FIRST_NUMBERS = ("height_percent", "share_percent", "size_percent", "count", "position")


class FactSource:
    """The facts of one or more pictures, or of one bar or shape in them."""

    weight = 1

    def __init__(self, facts: Mapping[str, Any]) -> None:
        self._facts = facts

    def values(self, field: Field) -> list[Found]:
        """The fact that a key asks for; of a bar or shape that stands for itself, the member that the key names."""
        numeric = field.kind in ("number", "integer")
        if numeric and (number := self._counted(field.key)) is not None:
            return [Found(0, str(number), number)]
        found = self._fact(field.key)
        if isinstance(found, Mapping):
            member = FactSource(found)._fact(field.key)
            found = member if member is not None else _plain(found, field)
        elif isinstance(found, list):
            found = len(found) if numeric else _plain(found[0], field) if found else None
        return [] if found is None or isinstance(found, list | Mapping) else [Found(0, str(found), found)]

    def listed(self, field: Field) -> list[Found]:
        """One member of each entry of a list: the colours of the bars, the kinds of the shapes."""
        found = self._fact(field.key)
        entries = found if isinstance(found, list) and found else self._main_list((field.key,))
        members = [FactSource(each)._fact(field.key) for each in entries if isinstance(each, Mapping)]
        if any(member is None for member in members):
            members = [_plain(each, field) for each in entries]
        return [Found(0, str(member), member) for member in members if isinstance(member, str | int | float)]

    def entries(self, field: Field, keys: tuple[str, ...]) -> "list[FactSource]":
        """The bars, shapes or colours that a list of objects with these keys is about."""
        named = self._fact(field.key)
        fitting = (
            named
            if isinstance(named, list) and self._fit(named, keys) >= self._fit(self._main_list(keys), keys)
            else None
        )
        return [FactSource(each) for each in fitting or self._main_list(keys) if isinstance(each, Mapping)]

    def inside(self, field: Field) -> "FactSource":
        """The facts of a nested object, such as the tallest bar; without such a fact, the same facts."""
        found = self._fact(field.key)
        return FactSource(found) if isinstance(found, Mapping) else self

    def truth(self, field: Field) -> bool | None:
        """Whether a fact of that name is there, and is not nothing."""
        found = self._fact(field.key)
        return None if found is None else bool(found)

    def option(self, field: Field, options: list[str]) -> str | None:
        """The option that is the fact's own word, or a word of any fact."""
        said = [str(each.value).lower() for each in self.values(field)] + _words(self._facts)
        plain = {option.lower(): option for option in options}
        return next((plain[word] for word in said if word in plain), None)

    def all_options(self, field: Field, options: list[str]) -> list[str]:
        """The options that are words of the facts, in the order of the options."""
        said = set(_words(self._facts))
        return [option for option in options if option.lower() in said]

    def _counted(self, key: str) -> int | None:
        """How many shapes there are of a kind and colour ("red_circles"); bars and the like, if all are asked for."""
        if "count" not in self._facts and _score(key, "count") > 1 and (entries := self._main_list(())):
            return len(entries)
        groups, words = self._facts.get("counts"), words_of(key)
        if not isinstance(groups, list) or len(words) != 2:
            return None
        colours = [group for group in groups if any(_same_word(word, group["colour"]) for word in words)]
        kinds = [group for group in groups if any(_same_word(word, group["kind"]) for word in words)]
        return sum(group["count"] for group in kinds if group in colours) if kinds or colours else None

    def _fact(self, key: str) -> Any:
        """The fact of that name here; else in the comparison, or in the first picture."""
        scored = [(_score(key, name), name) for name in self._facts]
        best = max((score for score, _ in scored), default=0)
        if best:
            order = list(_NAMES)
            names = [name for score, name in scored if score == best]
            return self._facts[min(names, key=lambda name: order.index(name) if name in order else len(order))]
        for inner in (self._facts.get("comparison"), next(iter(self._facts.get("pictures", ())), None)):
            if isinstance(inner, Mapping) and (found := FactSource(inner)._fact(key)) is not None:
                return found
        return None

    def _main_list(self, keys: tuple[str, ...]) -> list[Any]:
        """The list whose entries hold most of the keys; of equals the most telling."""
        facts = self._facts if "pictures" not in self._facts else self._facts["pictures"][0]
        lists = [facts[name] for name in _LISTS if isinstance(facts.get(name), list) and facts[name]]
        return max(lists, key=lambda entries: self._fit(entries, keys), default=[])

    def _fit(self, entries: list[Any], keys: tuple[str, ...]) -> int:
        first = entries[0] if entries else None
        if not isinstance(first, Mapping):
            return 0
        return sum(any(_score(key, name) for name in first) for key in keys)


def _score(key: str, name: str) -> int:
    """How well a key asks for a fact: 3 by its own name, 2 by one like it, 1 with other words beside it."""
    words = words_of(key)
    joined, spaced = "_".join(words), " ".join(words)
    if joined in (name, name.removesuffix("_percent")):
        return 3
    names = _NAMES.get(name, [])
    if joined in names or spaced in names:
        return 2
    return int(any(_holds(each, words, key) for each in (name, *names)))


def _holds(name: str, words: tuple[str, ...], key: str) -> bool:
    return name in words or (name >= "가" and len(name) > 1 and name in key)


def _same_word(word: str, fact: str) -> bool:
    """Whether a word of a key is a colour or a kind: "circles" and "circle", "빨간" and "빨강"."""
    plain = fact.lower()
    korean_colour = word >= "가" and len(word) > 1 and len(plain) > 1 and word[0] == plain[0]
    return bool(plain) and (word in (plain, f"{plain}s") or korean_colour)


def _plain(entry: Any, field: Field) -> Any:
    """What stands for a whole bar or shape: its height or share as a number, its kind or colour as a word."""
    if not isinstance(entry, Mapping):
        return entry
    numeric = field.kind in ("number", "integer")
    order = _FIRST_NUMBERS if numeric else ("position", *_FIRST_WORDS) if "height_percent" in entry else _FIRST_WORDS
    return next((entry[name] for name in order if name in entry), None)


def _words(facts: Any) -> list[str]:
    """All words of the facts in lower case, those of the bars and shapes before those of the whole picture."""
    if isinstance(facts, str):
        return [facts.lower()]
    if isinstance(facts, Mapping):
        order = sorted(facts, key=lambda name: _LISTS.index(name) if name in _LISTS else len(_LISTS))
        return [word for name in order for word in _words(facts[name])]
    return [word for each in facts for word in _words(each)] if isinstance(facts, list) else []
