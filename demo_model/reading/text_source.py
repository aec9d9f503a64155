"""A text as the source of JSON values: by labels, by the words beside a value, and by the form of the value itself."""

import re
from collections.abc import Mapping
from typing import Any

from demo_model.lazy_regex import lazy_regex
from demo_model.reading import dates, entries, judging, passages, quantities, row_finders
from demo_model.reading.extracting import Found
from demo_model.reading.keys import (
    ROWS,
    TABLES,
    Field,
    Name,
    groups_of,
    kind_of_entries,
    label_score,
    occurrences,
    resolved_row,
    row_of,
    specific,
    terms_of,
    words_of,
)
from demo_model.reading.passages import Labelled, Passage
from demo_model.speaker import language_of

_LONGEST_VALUE = 200
_NEAR = 60
"""Characters between a word and the value that it speaks of."""
_MOST_CANDIDATES = 200
_MOST_KEYS = 100
_SHORT = 2000
"""Characters of a text that costs one unit of work."""
_LONGEST_LABEL = 40
_COPULA = lazy_regex(r"(?:입니다|이에요|예요|이다|이며|이고|였다|이었다|임)?[.!]?$")
_IS = lazy_regex(
    r"(?:['’]s|s)?\s{0,2}(?:\bis\b|\bwas\b|\bare\b|=|[:：]|(?:은|는|이|가)(?=\s))\s{0,2}(?:an? "
    r"|the )?([^,.;:!?\n]{1,60}(?:\.\d{1,6}){0,3})"
)
_PLACE_NUMBER = lazy_regex(r" (?:no\.? ?|number )?((?:[A-Za-z]{1,6}-){0,2}[A-Z]{0,2}\d{1,5}[A-Z]?)(?!\w|%|[.:]\d)")
_PARTS_OF_NAMES = frozenset(("first", "given", "last", "family", "middle"))
_UNITS: dict[str, str] = TABLES["units"]
_LANGUAGES = {"ko": "korean", "en": "english"}
_PLURAL = {"items": "ingredients", "people": "persons", "venues": "places"}
"""Rows that find more where a list is asked for than where one value is."""


class TextSource:
    """One text, or one entry of a list in it.

    ``known``: values that its place in the list has given away, by row.  ``year``: that of the dates that have none.
    """

    def __init__(self, text: str, known: Mapping[str, Found] | None = None, year: str = "") -> None:
        self.text = text
        self._year = year or next((str(each.value)[:4] for each in dates.dates(text) if "-" in str(each.value)), "")
        self._plain = text.lower()
        self._known = dict(known or {})
        self._found: dict[str, list[Found]] = {}
        self._entries: dict[tuple[str | None, bool, int], list[TextSource]] = {}
        self._rows: dict[tuple[str, ...], list[str | None]] = {}
        self._sentences: list[Passage] | None = None
        self._labels: list[tuple[Name, int, Labelled]] | None = None

    @property
    def weight(self) -> int:
        """What a look at this text costs, in units of a short one."""
        return 1 + len(self.text) // _SHORT

    # --- one value ---------------------------------------------------------------------------------------------------

    def values(self, field: Field) -> list[Found]:
        """What may stand at this place, the likeliest first; empty: nothing was found."""
        row = resolved_row(field.key, field.parent, field.siblings)
        if row in self._known:
            return [self._known[row]]
        if labelled := self._labelled(field, row):
            return labelled
        if row is None:
            return self._of_form(field) or self._beside_its_name(field)
        if row in ROWS["counted"] and field.kind in ("number", "integer"):
            return self._by_row("headcounts", field)
        found = self._by_row(row, field)
        if row_finders.is_measure(row) and not found and field.kind != "string":
            found = self._by_row("numbers", field) if self._is_named(field) else []
        return self._chosen(found, field, row)

    def _chosen(self, found: list[Found], field: Field, row: str) -> list[Found]:
        """The values in order: nearest to the words of the key first; without such words each key takes its own."""
        terms = [term for term in terms_of(field.key) if specific(field.key) or term not in words_of(field.key)]
        ordered = self._near(found[:_MOST_CANDIDATES], terms) if terms else []
        if ordered:
            return ordered
        groups = groups_of(field.key)
        if groups & ROWS["only_named"] or ("total" in groups and len(found) > 1):
            return []
        if row in ROWS["shared"] or _PARTS_OF_NAMES & set(words_of(field.key)):
            return found
        return found[self._rank(field, row) :]

    def _rank(self, field: Field, row: str) -> int:
        """How many keys of the same row stand before this one in its object."""
        if field.siblings not in self._rows:
            self._rows[field.siblings] = [resolved_row(key, field.parent, field.siblings) for key in field.siblings]
        place = field.siblings.index(field.key) if field.key in field.siblings else 0
        return self._rows[field.siblings][:place].count(row)

    def _near(self, found: list[Found], terms: list[str]) -> list[Found]:
        """The values beside one of the words, the nearest first: as a rule a word stands before its value."""
        places = occurrences(terms, self._plain)
        measured: list[tuple[int, Found]] = []
        for each in found:
            distances = [self._distance(each, *place) for place in places]
            nearest = min((distance for distance in distances if distance is not None), default=None)
            if nearest is not None:
                measured.append((nearest, each))
        return [each for _, each in sorted(measured, key=lambda pair: pair[0])]

    def _distance(self, each: Found, start: int, end: int) -> int | None:
        after = each.start >= end
        between = self.text[end : each.start] if after else self.text[each.start + len(each.written) : start]
        if len(between) > _NEAR or "\n" in between or (each.start < end and start < each.start + len(each.written)):
            return None
        cut = 40 if re.search(r"[.;!?]\s|,\s", between) else 0
        return len(between) + cut if after else 6 * len(between) + cut + 1

    def _is_named(self, field: Field) -> bool:
        return bool(occurrences(terms_of(field.key), self._plain, 1))

    def _labelled(self, field: Field, row: str | None) -> list[Found]:
        """The value of the label that fits best; for a row with a form of its own what has that form."""
        best = self._best_label(field.key)
        if best is None:
            return []
        inner = self._part(best)
        if row is not None and row not in ROWS["whole"]:
            found = inner._by_row(row, field)
            if not found and row in ROWS["loose"] and len(best.value) < _LONGEST_LABEL:
                found = [Found(0, best.value, best.value)]
            if not found and field.kind in ("number", "integer"):
                found = quantities.numbers(best.value)
        elif field.kind in ("number", "integer"):
            found = quantities.numbers(best.value)
        else:
            line = passages.unmarked(best.value.split("\n")[0])[:_LONGEST_VALUE].rstrip(" .")
            value = best.value if row == "descriptions" else line
            found = [Found(0, value, value)] if value else []
        return [Found(best.start + each.start, each.written, each.value) for each in found]

    def _best_label(self, key: str, least: int = 1) -> Labelled | None:
        """The label that fits a key best; a heading must mean the same."""
        if self._labels is None:
            labels = [(each, 1) for each in passages.labels(self.text) if len(each.label) < _LONGEST_LABEL]
            headed = [*labels, *((each, 3) for each in passages.sections(self.text))]
            self._labels = [(Name.of(each.label), fewest, each) for each, fewest in headed if each.value]
        name = Name.of(key)
        scored = ((label_score(label, name), fewest, each) for label, fewest, each in self._labels)
        good = [(score, each) for score, fewest, each in scored if score >= max(fewest, least)]
        return max(good, key=lambda pair: pair[0])[1] if good else None

    def _of_form(self, field: Field) -> list[Found]:
        """Values of the ``format`` that the schema asks for (JSON Schema, validation, section 7)."""
        row = {"date": "dates", "date-time": "moments", "time": "times", "email": "emails", "uri": "urls"}.get(
            field.form
        )
        return self._by_row(row, field) if row else []

    def _beside_its_name(self, field: Field) -> list[Found]:
        """Values of a key that is only known by its name: "{key} is ...", or the number beside it."""
        terms = terms_of(field.key)
        if field.kind in ("number", "integer"):
            sums = self._by_row("amounts", field)
            taken = {each.start + place for each in sums for place in range(len(each.written))}
            found = [*sums, *(each for each in self._by_row("numbers", field) if each.start not in taken)]
            return self._near(found, list(terms)) or (found if len(found) == 1 and len(field.siblings) == 1 else [])
        for _, end in occurrences(terms, self._plain):
            if place := _PLACE_NUMBER.match(self.text, end):
                return [Found(place.start(1), place.group(1), place.group(1))]
            if (match := _IS.match(self.text, end)) and (
                value := _COPULA.sub("", match.group(1).strip()).strip(" \"'“”")
            ):
                return [Found(match.start(1), value, value)]
        return []

    def _by_row(self, row: str, field: Field) -> list[Found]:
        """All values of that kind in the text; found once for all keys that ask for them."""
        symbol = next((_UNITS[word] for word in words_of(field.key) if word in _UNITS), None)
        name = f"{row} {symbol}" if symbol and row_finders.is_measure(row) else row
        if name not in self._found:
            self._found[name] = row_finders.found(row, self.text, self._year, symbol)
        found = self._found[name]
        parts = words_of(field.key)
        if row == "people" and parts[:1] in (("first",), ("given",)):
            return [_part_of_name(each, first=True) for each in found]
        if row == "people" and parts[:1] in (("last",), ("family",)) and "name" in parts:
            return [_part_of_name(each, first=False) for each in found]
        return found

    # --- many values -------------------------------------------------------------------------------------------------

    def listed(self, field: Field) -> list[Found]:
        """The values of a list."""
        row = resolved_row(field.key, field.parent, field.siblings)
        best = self._best_label(field.key, 1 if row in ROWS["listed"] else 2)
        if best is not None:
            inner = self._part(best)
            found = inner._by_row(row, field) if row in ROWS["formed"] else []
            parts = entries.trimmed(passages.listed(best.value))
            return parts if row == "people" and len(parts) > len(found) else found or parts
        if row is None:
            beside = [] if field.kind in ("number", "integer") else self._beside_its_name(field)
            found = [each for part in beside for each in entries.trimmed(passages.listed(part.written))]
            return self._of_form(field) or found or self._by_its_words(field)
        return self._by_row(_PLURAL.get(row, row), field)

    def _by_its_words(self, field: Field) -> list[Found]:
        """Numbers for a list of numbers; else an enumeration in a sentence with the key's own word."""
        if field.kind in ("number", "integer"):
            return self._by_row("numbers", field)
        places = occurrences(terms_of(field.key), self._plain, 1)
        if not places:
            return []
        if self._sentences is None:
            self._sentences = passages.sentences(self.text)
        last = next((each for each in reversed(self._sentences) if each.start <= places[0][0]), None)
        return entries.enumerated(last) if last is not None else []

    def entries(self, field: Field, keys: tuple[str, ...]) -> "list[TextSource]":
        """The passages for the entries of a list of objects with these keys."""
        best = self._best_label(field.key, 1 if row_of(field.key) in ROWS["listed"] else 2)
        kind = kind_of_entries(field.key, keys)
        rows = {resolved_row(key, field.key, keys) for key in keys[:_MOST_KEYS]}
        dated = bool(rows & {"days", "times", "years", "periods"})
        place = (kind, dated, best.start if best is not None else -1)
        if place not in self._entries:
            self._entries[place] = (self._part(best) if best is not None else self)._cut(kind, dated=dated)
        return self._entries[place]

    def _cut(self, kind: str | None, *, dated: bool) -> "list[TextSource]":
        by = {"items": entries.by_item, "people": entries.by_person, "tasks": entries.by_task}.get(kind or "")
        if by is not None:
            return [TextSource(text, known, self._year) for text, known in by(self.text)]
        if kind == "title" and (quoted := entries.by_quote(self.text)):
            return [TextSource(text, known, self._year) for text, known in quoted]
        found = passages.entries(self.text)[: passages.MOST_PASSAGES]
        if dated:
            with_date = (
                each for each in found if dates.days(each.text) or dates.times(each.text) or dates.years(each.text)
            )
            found = list(with_date) or found
        in_lines = len(passages.lined(self.text)) > 1
        known_of = (lambda line: entries.spoken(line) or entries.heading_of(line)) if in_lines else (lambda line: {})
        return [TextSource(each.text, known_of(each.text), self._year) for each in found]

    def inside(self, field: Field) -> "TextSource":
        """The part of the text that a nested object is about: the lines under its heading, or all of it."""
        best = self._best_label(field.key, 3)
        return self._part(best) if best is not None and "\n" in best.value.strip() else self

    def _part(self, label: Labelled) -> "TextSource":
        return TextSource(label.value, year=self._year)

    # --- judgements --------------------------------------------------------------------------------------------------

    def truth(self, field: Field) -> bool | None:
        """Yes or no, by the words of the key in the text; None: it says nothing of it."""
        return judging.truth(field.key, self.text)

    def all_options(self, field: Field, options: list[str]) -> list[str]:
        """The options of an enum that the text speaks of; of a labelled value, if there is one."""
        best = self._best_label(field.key, 2)
        return judging.named(options, best.value if best is not None else self.text)

    def option(self, field: Field, options: list[str]) -> str | None:
        """The option of an enum that the text speaks for."""
        row = resolved_row(field.key, field.parent, field.siblings)
        best = self._best_label(field.key, 2)
        if best is not None and (named := judging.option(options, field.key, best.value)):
            return named
        if row in ("currencies", "language"):
            codes = {str(each.value).lower() for each in self._by_row(row, field)}
            wanted = codes | {_LANGUAGES.get(code, code) for code in codes}
            return next((each for each in options if wanted & {each.lower(), *groups_of(each)}), None)
        return judging.option(options, field.key, self.text)


def _part_of_name(each: Found, *, first: bool) -> Found:
    """The given name or the surname: Korean names begin with the surname."""
    name = each.written
    if name[:1] >= "가" and " " not in name:
        part = (name[1:] if first else name[:1]) if len(name) > 2 else name
    else:
        part = name.split()[0] if first else name.split()[-1]
    return Found(each.start, part, part)


def facts(text: str) -> dict[str, Any]:
    """What can be told of a text that was sent without a shape; only what was found."""
    field = Field("")
    source = TextSource(text)
    rows = {
        "people": "persons", "places": "places", "emails": "emails", "phones": "phones", "urls": "urls",
        "dates": "days", "times": "times", "amounts": "amounts", "numbers": "numbers",
    }  # fmt: skip
    found = {name: [each.value for each in source._by_row(row, field)][:50] for name, row in rows.items()}
    return {
        "language": language_of(text),
        "characters": len(text),
        "words": len(text.split()),
        **{name: values for name, values in found.items() if values},
    }
