"""What the name of a JSON key asks for: by the rows of ``fields.toml``, in both languages and in any spelling."""

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

from demo_model.lazy_regex import lazy_regex

TABLES: dict[str, Any] = tomllib.loads((Path(__file__).parent / "fields.toml").read_text("utf-8"))

ROWS: dict[str, frozenset[str]] = {name: frozenset(rows) for name, rows in TABLES["rows"].items()}
_MEANINGS: dict[str, list[str]] = TABLES["meanings"]
_LONGEST_KEY = 60
_WORD = lazy_regex(r"[A-Z]{2,}(?![a-z])|[A-Z]?[a-zà-ÿ]+|[가-힣]+|\d+")
# Words of a key that say what kind of value it is, and not which one of them.
_GENERIC = frozenset(TABLES["words"]["generic"])
# As the last word of a key these do not decide: an order number is no number, a product name no person.
_WEAK_LAST = frozenset(TABLES["words"]["weak_last"])
_COUNTED = frozenset(("number", "num", "count", "how"))
_AFFIX = 4
"""Letters from which a Latin name may stand at the head or the end of a longer word ("fullname")."""


@dataclass(frozen=True, slots=True)
class Field:
    """A place in a JSON value that is to be filled.

    ``kind``: its JSON type.  ``form``: the ``format`` of its schema.
    ``parent``: the key of the object or list around it.  ``siblings``: all keys of its object.
    """

    key: str
    kind: str = "string"
    form: str = ""
    parent: str = ""
    siblings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Name:
    """A key or a label, understood once."""

    words: tuple[str, ...]
    row: str | None
    groups: frozenset[str]

    @classmethod
    def of(cls, text: str) -> "Name":
        return cls(words_of(text), row_of(text), groups_of(text))


def words_of(key: str) -> tuple[str, ...]:
    """The words of a key in lower case: "firstName", "first_name" and "First name" have the same two."""
    return tuple(word.lower() for word in _WORD.findall(key[:_LONGEST_KEY]))


def _forms(word: str) -> set[str]:
    """A word and its singular."""
    forms = {word}
    if word.endswith("ies"):
        forms.add(f"{word[:-3]}y")
    elif word.endswith("s") and len(word) > 3:
        forms |= {word[:-1], word[:-2]} if word.endswith("es") else {word[:-1]}
    return forms


@cache
def _index() -> dict[str, str]:
    """Name in every form -> its row; of the same name in two rows the first counts."""
    index: dict[str, str] = {}
    for row, names in TABLES["keys"].items():
        for name in names:
            for form in _forms(name.replace(" ", "_")):
                index.setdefault(form, row)
    return index


@cache
def _names(*, korean: bool) -> tuple[str, ...]:
    """The names of one script."""
    return tuple(name for name in _index() if (name >= "가") == korean)


@cache
def _groups() -> dict[str, frozenset[str]]:
    """Term -> the groups of ``[meanings]`` that it is in."""
    terms = {term for names in _MEANINGS.values() for term in names}
    return {term: frozenset(group for group, names in _MEANINGS.items() if term in names) for term in terms}


@cache
def _korean_terms() -> tuple[str, ...]:
    """Terms that are looked for within a word: Korean compounds are written without a space."""
    return tuple(term for term in _groups() if term >= "가" and len(term) > 1)


def row_of(key: str) -> str | None:
    """The row of ``[keys]`` that a key belongs to; None: its name says nothing that is known."""
    words, index = words_of(key), _index()
    if not words:
        return None
    if row := _exact("_".join(words)):
        return row
    if len(words) > 1 and words[0] in _COUNTED:
        return "numbers"
    last = words[-1:] if words[-1] not in _WEAK_LAST else ()
    rows = list(TABLES["keys"])
    exact = [row for word in last or words if (row := _exact(word))] or [row for word in words if (row := _exact(word))]
    if exact:
        return min(exact, key=rows.index)
    parts = [name for word in words for name in _names(korean=word >= "가") if _is_part(name, word)]
    return index[max(parts, key=len)] if parts else None


def _exact(word: str) -> str | None:
    index = _index()
    return next((index[form] for form in sorted(_forms(word), key=len, reverse=True) if form in index), None)


def _is_part(name: str, word: str) -> bool:
    if name >= "가":
        return len(name) > 1 and name in word
    return len(name) >= _AFFIX and (word.startswith(name) or word.endswith(name))


def resolved_row(key: str, parent: str, siblings: tuple[str, ...]) -> str | None:
    """The row of a key among the other keys of its object: "name" of a product is an item, of a meeting a title."""
    words = words_of(key)
    row = row_of(key)
    if words in (("name",), ("이름",), ("title",), ("명칭",)):
        about = _about(parent, siblings)
        if words == ("title",):
            return "jobs" if about == "people" and "name" in siblings else "items" if about == "items" else "title"
        return about or "people"
    return row


def _about(parent: str, siblings: tuple[str, ...]) -> str | None:
    """What an object is: by its own key, else by the keys in it."""
    own = {form for word in words_of(parent) for form in _forms(word)}
    for row, names in TABLES["names"].items():
        if own & set(names) or any(name >= "가" and len(name) > 1 and name in parent for name in names):
            return str(row)
    inner = [form for key in siblings for word in words_of(key) for form in _forms(word)]
    hits = {row: sum(word in names for word in inner) for row, names in TABLES["names"].items()}
    best = max(hits, key=lambda row: hits[row])
    return best if hits[best] else None


def kind_of_entries(key: str, siblings: tuple[str, ...]) -> str | None:
    """What the entries of a list of objects are: items, people, tasks, events ...; None: nothing that is known."""
    rows = {row_of(each) for each in siblings}
    if row_of(key) == "tasks" or ("tasks" in rows and "people" in rows):
        return "tasks"
    about = _about(key, siblings)
    persons = "people" in {resolved_row(each, key, siblings) for each in siblings}
    return about if about != "people" or persons else None


def groups_of(name: str) -> frozenset[str]:
    """The groups of ``[meanings]`` that a key or a label belongs to: by all of it, else by one of its words."""
    words, groups = words_of(name), _groups()
    whole = (" ".join(words), "_".join(words))
    exact = [groups[each] for each in whole if each in groups] + [
        frozenset((each,)) for each in whole if each in _MEANINGS
    ]
    if exact:
        return frozenset().union(*exact)
    chosen = [word for word in words if word not in _GENERIC] or list(words)
    pairs = {sign.join(pair) for pair in pairwise(words) for sign in " _"}
    terms = {form for word in chosen for form in _forms(word)} | pairs
    terms |= {term for word in chosen if word >= "가" for term in _korean_terms() if term in word}
    return frozenset().union(*(groups[term] for term in terms if term in groups))


def terms_of(name: str) -> tuple[str, ...]:
    """Words of a text that speak of a key: its own, and those that mean the same; the longest first."""
    words = words_of(name)
    own = {" ".join(words), *(word for word in words if word not in _GENERIC)} - {""}
    terms = own | {term.replace("_", " ") for group in groups_of(name) for term in _MEANINGS[group]}
    return tuple(sorted(terms, key=lambda term: (-len(term), term)))


def specific(name: str) -> bool:
    """Whether a key has a word of its own besides the kind of its value: "start_date" has one, "date" has none."""
    return any(word not in _GENERIC for word in words_of(name))


def label_score(label: Name, key: Name) -> int:
    """How well a label fits a key: 4 the same words, 3 the same meaning, 2 a part of it, 1 the same kind; 0 not."""
    ours, theirs = key.words, label.words
    if not ours or not theirs:
        return 0
    if "".join(ours) == "".join(theirs):
        return 4
    if shared := key.groups & label.groups:
        spoken = " ".join(theirs)
        return 3 if any(spoken in (term.replace("_", " ") for term in _MEANINGS[group]) for group in shared) else 2
    own = set(ours) - _GENERIC
    if own and own <= set(theirs):
        return 2
    alike = key.row is not None and key.row == label.row
    return 1 if alike and not (key.groups and label.groups and own and set(theirs) - _GENERIC) else 0


def occurrences(terms: Iterable[str], text: str, most: int = 20) -> list[tuple[int, int]]:
    """Where the terms stand in a text (in lower case): Latin ones as words of their own."""
    found: list[tuple[int, int]] = []
    for term in terms:
        start = -1
        for _ in range(most):
            start = text.find(term, start + 1)
            if start < 0:
                break
            end = start + len(term)
            if term[0] >= "가" or _is_a_word(text, start, end):
                found.append((start, end))
    return sorted(found)


def _is_a_word(text: str, start: int, end: int) -> bool:
    """Whether a Latin word begins and ends there; a Korean particle may follow it."""
    after = text[end : end + 1]
    return not text[max(0, start - 1) : start].isalnum() and (after >= "가" or not after.isalnum())
