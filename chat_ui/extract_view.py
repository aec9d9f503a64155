"""How an extraction looks: its sources, the table of fields, the checks, the estimate, the result. Pure; makes HTML.

The page compares new HTML with what stands there, node by node, and changes only what differs: so a field that is being
typed in keeps its cursor.
"""

import json
from collections.abc import Iterator, Mapping
from decimal import Decimal
from html import escape
from itertools import islice
from typing import Any
from urllib.parse import quote

from chat_core.connections import Connection
from chat_core.discovery import ListedModel
from chat_core.extract_task import STEPS, Step
from chat_core.field_table import FIELD_TYPES
from chat_core.json_output import Layout, partial, pointer_to, source_words
from chat_core.schemas import FieldProblem
from chat_ui import extract_words, notes
from chat_ui.costs import price_words
from chat_ui.describe_view import FILES
from chat_ui.extract_job import Extracting, Forecast, Run, Source
from chat_ui.texts import Language, money, number, t
from chat_ui.transcript import as_if_cost
from chat_ui.wanted import LONGEST_SCHEMA, Row, Wanted

# Values of one answer that are drawn; the file holds all.
MOST_DRAWN = 1_500
# Sentences about the rules of strict structured output.
MOST_RULES = 8
# Characters of the sources that are shown with what was found in them.
LONGEST_MARKED = 20_000


def sources_html(job: Extracting, language: Language) -> str:
    """The files and links that go along, each with a button that takes it away."""
    entries = "".join(_source(source, language) for source in job.sources.values())
    return f'<ul class="sources">{entries}</ul>' if entries else ""


def _source(source: Source, language: Language) -> str:
    small = f'<img src="{FILES}{quote(source.small)}" alt="">' if source.small else '<span class="paper">📄</span>'
    name, label = escape(source.name), t(language, "extract.remove_source", name=escape(source.name))
    match source.status:
        case "failed" if source.error is not None:
            about = f'<span class="problem">{escape(notes.sentence(source.error, language))}</span>'
        case "reading":
            about = t(language, "extract.reading")
        case _ if source.text is not None:
            about = t(language, "extract.characters", count=number(len(source.text.text)))
        case _:
            about = f"{source.width} × {source.height}"
    return (
        f'<li data-key="{source.key}" data-status="{source.status}">{small}<span class="source-name" title="{name}">'
        f'{name}</span><span class="source-about">{about}</span>'
        f'<button type="button" data-do="remove-source" aria-label="{label}" title="{label}">×</button></li>'
    )


# --- the table of fields ----------------------------------------------------------------------------------------------


def fields_html(job: Extracting, language: Language) -> str:
    """The table that is edited; what its script does is in ``extract_tab``. ``data-revision``: so that it is drawn anew
    even where the page was last given the same."""
    rows = job.wanted.rows
    if rows is None:
        return f'<p class="fields-locked" data-revision="{job.revision}">{t(language, "extract.locked")}</p>'
    drawn = "".join(_row(place, row, language) for place, row in enumerate(rows))
    return (
        f'<div class="fields" data-revision="{job.revision}"><table role="presentation"><tbody>{drawn}</tbody></table>'
        f'<button type="button" class="small-button" data-do="add-row">{t(language, "extract.add_row")}</button></div>'
    )


_COLUMNS = ("name", "type", "description", "required", "list", "choices")


def _row(place: int, row: Row, language: Language) -> str:
    options = "".join(
        f'<option value="{kind}"{" selected" if kind == row.type else ""}>'
        f"{t(language, f'extract.type_{kind}')}</option>"
        for kind in FIELD_TYPES
    )
    label = {name: escape(t(language, f"extract.column_{name}")) for name in _COLUMNS}
    remove = t(language, "extract.remove_row")

    def text(key: str, value: str, hint: str = "") -> str:
        return (
            f'<td class="cell-{key}"><input data-field="{key}" value="{escape(value)}" aria-label="{label[key]}" '
            f'placeholder="{escape(hint)}" maxlength="2000" spellcheck="false" autocomplete="off"></td>'
        )

    def switch(key: str, column: str, *, on: bool) -> str:
        return (
            f'<td class="cell-{key}"><button type="button" data-switch="{key}" aria-pressed="{str(on).lower()}" '
            f'aria-label="{label[column]}"><span class="switch-word">{label[column]}</span></button></td>'
        )

    return (
        f'<tr data-row="{place}">{text("name", row.name, label["name"])}'
        f'<td class="cell-type"><select data-field="type" value="{row.type}" aria-label="{label["type"]}">{options}'
        f"</select></td>{text('description', row.description, label['description'])}"
        f"{switch('required', 'required', on=row.required)}{switch('is_list', 'list', on=row.is_list)}"
        f"{text('choices', row.choices, label['choices'])}"
        f'<td class="cell-remove"><button type="button" data-do="remove-row" aria-label="{remove}" title="{remove}">×'
        "</button></td></tr>"
    )


def checks_html(wanted: Wanted, language: Language) -> str:
    """What is wrong with the table or the schema, and which rules of strict structured output it breaks."""
    lines: list[str] = []
    told = ""
    if wanted.table_error is not None:
        lines = [extract_words.table_error(wanted.table_error, language)]
    elif wanted.problem is not None and wanted.problem.kind in ("empty", "blanks"):
        told = t(language, "extract.no_schema")
    elif wanted.problem is not None:
        lines = [t(language, "extract.not_json", problem=notes.plain_json_problem(wanted.problem, language))]
    elif wanted.too_long:
        lines = [t(language, "extract.schema_too_long", most=number(LONGEST_SCHEMA))]
    elif wanted.not_a_schema:
        lines = [t(language, "extract.not_a_schema")]
    elif broken := wanted.strict_problems:
        told = t(language, "extract.not_strict", count=number(len(broken)))
        lines = extract_words.strict_sentences(broken, language)
        if len(lines) > MOST_RULES:
            more = t(language, "extract.and_more", count=number(len(lines) - MOST_RULES))
            lines = [*lines[:MOST_RULES], more]
    else:
        told = "✓ " + t(language, "extract.is_strict")
    if wanted.kind == "example" and wanted.schema is not None:
        told = f"{t(language, 'extract.is_example')} {told}"
    sentences = "".join(f"<li>{escape(line)}</li>" for line in lines)
    fault = "" if wanted.schema is not None else ' class="problem"'
    return (f"<p>{escape(told)}</p>" if told else "") + (f"<ul{fault}>{sentences}</ul>" if sentences else "")


def estimate_html(
    counted: Forecast,
    model: str,
    connection: Connection,
    known: ListedModel,
    language: Language,
    reference: str,
    won: Decimal,
) -> str:
    """What the extraction will take, before anything is sent, and what would go wrong."""
    line = [f"<code>{escape(model)}</code>"] if model else []
    line.append(
        t(language, "describe.input", tokens=number(counted.input_tokens), images=number(counted.image_tokens))
        if counted.image_tokens
        else t(language, "extract.input", tokens=number(counted.input_tokens))
    )
    line.append(t(language, "extract.output", tokens=number(counted.output_tokens)))
    line.append(f"<strong>{price_words(counted.cost, connection, language, reference, won)}</strong>")
    problems = []
    if counted.unknown:
        problems.append(t(language, "describe.unknown_tokens", count=number(counted.unknown)))
    if known.profile.images is False and (counted.image_tokens or counted.unknown):
        problems.append(t(language, "meter.no_images", model=model))
    told = "".join(f'<br><span class="problem">{escape(problem)}</span>' for problem in problems)
    return f"<p>{' · '.join(line)}{told}</p>"


# --- the result -------------------------------------------------------------------------------------------------------


def status_html(run: Run, language: Language, reference: str, won: Decimal) -> str:
    """How far it is, or how it ended; how it was asked; what it used and cost."""
    state, words = _state(run, language)
    lines = [f'<p class="extract-state"><span class="state state-{state}">{escape(words)}</span></p>']
    sentences = [*_failures(run, language), *_problems(run, language)]
    if sentences:
        lines.append(f'<ul class="problem">{"".join(f"<li>{escape(each)}</li>" for each in sentences)}</ul>')
    lines.append(f'<p class="ladder">{_ladder(run, language)}</p>')
    if paid := _paid(run, language, reference, won):
        lines.append(f'<p class="extract-paid">{paid}</p>')
    return "".join(lines)


def result_html(run: Run, view: str, language: Language) -> str:
    """The value so far or in the end, as a tree, as tables, or as JSON text."""
    extraction = run.extraction
    data = extraction.data if extraction is not None else partial(run.text)
    found = extraction.found if extraction is not None else data is not None
    raw = extraction.raw if extraction is not None else run.text
    if not found and raw.strip():
        # What came is kept, JSON or not.
        return f'<pre class="raw">{escape(raw)}</pre>'
    if not found:
        return ""
    if view == "json":
        text = _json(data) if extraction is not None else Layout().laid_out(raw)
        return f'<pre class="raw json">{escape(text)}</pre>'
    drawing = _Drawing(run, data, language)
    body = drawing.tables(data) if view == "table" else f'<ul class="tree">{drawing.tree("", data, ())}</ul>'
    more = f'<p class="quiet">{t(language, "extract.too_many")}</p>' if drawing.left < 0 else ""
    return body + more


def marked_html(run: Run, language: Language) -> str:
    """The text of the sources with the words marked that values were taken from; empty where there is none."""
    text, extraction = run.source_text[:LONGEST_MARKED], run.extraction
    if extraction is None or not extraction.found or not text:
        return ""
    pieces: list[str] = []
    place = 0
    for start, end, pointers in _marks(source_words(extraction.data, text)):
        names = [
            extract_words.value_place(pointer, extraction.data) for pointer in pointers[: extract_words.MOST_PLACES]
        ]
        title = escape(", ".join(names) + (" …" if len(pointers) > len(names) else ""))
        pieces.append(escape(text[place:start]))
        pieces.append(
            f'<mark data-of="{escape(json.dumps(pointers))}" title="{title}">{escape(text[start:end])}</mark>'
        )
        place = end
    pieces.append(escape(text[place:]))
    searched = t(language, "extract.marked")
    if len(run.source_text) > LONGEST_MARKED:
        searched = t(language, "extract.marked_begin", count=number(LONGEST_MARKED))
    return f'<details open><summary>{searched}</summary><div class="marked">{"".join(pieces)}</div></details>'


def _marks(found: Mapping[str, tuple[int, int]]) -> list[tuple[int, int, list[str]]]:
    """Start and end of each mark, and the values in it: those whose words overlap share one."""
    marks: list[tuple[int, int, list[str]]] = []
    for pointer, (start, end) in sorted(found.items(), key=lambda item: item[1]):
        if marks and start < marks[-1][1]:
            first, last, pointers = marks.pop()
            pointers.append(pointer)
            marks.append((first, max(last, end), pointers))
        else:
            marks.append((start, end, [pointer]))
    return marks


def _state(run: Run, language: Language) -> tuple[str, str]:
    """The class and the word of the state."""
    extraction = run.extraction
    if run.broken or run.error is not None:
        return "failed", t(language, "extract.state_failed")
    if run.stopped:
        return "stopped", t(language, "extract.state_stopped")
    if extraction is None:
        if run.retrying is not None:
            key = "limit" if run.retrying.kind == "rate_limited" else "failure"
            return "running", t(language, f"describe.pausing_{key}")
        return "running", t(language, "extract.state_repair" if run.purpose == "repair" else "extract.state_running")
    if not extraction.found:
        return "failed", t(language, "extract.state_nothing")
    if extraction.valid:
        return "done", "✓ " + t(language, "extract.state_valid")
    faults = sum(isinstance(problem, FieldProblem) for problem in extraction.problems)
    return "failed", t(language, "extract.state_invalid", count=number(faults or len(extraction.problems)))


def _failures(run: Run, language: Language) -> Iterator[str]:
    if run.broken:
        yield notes.unexpected(language).text
    if run.error is not None:
        yield notes.sentence(run.error, language)
        if run.error.server_words:
            yield notes.plain_server_words(run.error, language)
    if run.stopped:
        yield t(language, "extract.stopped")


def _problems(run: Run, language: Language) -> list[str]:
    """What is wrong with the answer: as a whole, then of single fields."""
    if run.extraction is None:
        return []
    return [extract_words.answer_problem(problem, run.extraction.data, language) for problem in run.extraction.problems]


def _ladder(run: Run, language: Language) -> str:
    """The steps of the ladder, the one that was used marked, with why the others were left."""
    step = run.extraction.step if run.extraction is not None else run.step
    refused = {each.step: each.words for each in run.refusals}
    pieces = [_step(name, step, refused, language) for name in STEPS]
    told = [f'<span class="ladder-label">{t(language, "extract.ladder")}</span>', " → ".join(pieces)]
    extraction = run.extraction
    if extraction is not None and step == "json_schema" and not extraction.strict:
        told.append(t(language, "extract.sent_loose"))
    if extraction is not None and extraction.repaired:
        told.append(t(language, "extract.repaired"))
    if extraction is not None and extraction.way != "plain":
        told.append(t(language, f"extract.way_{extraction.way}"))
    return f"{told[0]} {told[1]}" + "".join(f" · {escape(each)}" for each in told[2:])


def _step(name: Step, used: Step, refused: Mapping[Step, str], language: Language) -> str:
    words = t(language, f"extract.step_{name}")
    if name in refused:
        title = escape(t(language, "extract.step_refused"))
        return f'<s title="{escape(refused[name]) or title}">{words}</s>'
    return f"<strong>{words}</strong>" if name == used else f'<span class="quiet">{words}</span>'


def _paid(run: Run, language: Language, reference: str, won: Decimal) -> str:
    entry = run.entry
    if entry is None:
        return ""
    about = "≈ " if entry.usage.estimated else ""
    usage = entry.usage
    line = [about + t(language, "footnote.usage", input=number(usage.input_tokens), output=number(usage.output_tokens))]
    if entry.free:
        line.append(t(language, "meter.free"))
        if (as_if := as_if_cost(entry, reference)) is not None:
            line.append(t(language, "meter.as_if", model=escape(reference), money=money(as_if, won)))
    elif entry.cost is None:
        line.append(t(language, "footnote.unknown_price"))
    else:
        line.append(about + money(entry.cost, won))
    requests = len(run.turns)
    if requests > 1:
        line.append(t(language, "extract.requests", count=number(requests)))
    return " · ".join(line)


class _Drawing:
    """Draws one value. ``left``: values that may still be drawn."""

    def __init__(self, run: Run, data: Any, language: Language) -> None:
        self._language: Language = language
        self._data = data
        self.left = MOST_DRAWN
        extraction = run.extraction
        self._final = extraction is not None
        self._marks = source_words(data, run.source_text[:LONGEST_MARKED]) if self._final else {}
        self._problems: dict[str, list[str]] = {}
        for problem in extraction.problems if extraction is not None else ():
            if isinstance(problem, FieldProblem):
                sentence = extract_words.field_problem(problem, language)
                self._problems.setdefault(problem.pointer, []).append(sentence)

    def tree(self, name: str, value: Any, path: tuple[str | int, ...]) -> str:
        """A value as an entry of a list, with all that is in it."""
        self.left -= 1
        if self.left < 0:
            return ""
        head = f'<span class="key">{escape(name)}</span>' if name else ""
        if not isinstance(value, dict | list) or not value:
            return f'<li class="{self._class(path)}">{head}{self._leaf(value, path)}{self._told(path)}</li>'
        items = list(value.items()) if isinstance(value, dict) else [(place, item) for place, item in enumerate(value)]
        inner = "".join(self.tree(_entry_name(key), item, (*path, key)) for key, item in items)
        inner += "".join(self._missing(key, path) for key in self._missing_in(value, path))
        count = "" if isinstance(value, dict) else f'<span class="count">{len(value)}</span>'
        return f'<li class="{self._class(path)}">{head}{count}{self._told(path)}<ul>{inner}</ul></li>'

    def tables(self, value: Any) -> str:
        """A value as tables: the single values in one, each list of objects in one of its own."""
        singles: list[tuple[str, str]] = []
        lists: list[str] = []
        self._sort(value, (), singles, lists)
        rows = "".join(f'<tr><th scope="row">{escape(name)}</th><td>{cell}</td></tr>' for name, cell in singles)
        table = f'<div class="table-scroll"><table class="figures">{rows}</table></div>' if rows else ""
        return table + "".join(lists)

    def _sort(self, value: Any, path: tuple[str | int, ...], singles: list[tuple[str, str]], lists: list[str]) -> None:
        if self.left < 0:
            return
        name = self._name(path)
        if isinstance(value, dict) and (value or not path):
            if told := self._told(path):
                singles.append((name, told))
            for key, item in value.items():
                self._sort(item, (*path, key), singles, lists)
            for key in self._missing_in(value, path):
                place = (*path, key)
                singles.append((self._name(place), self._told(place)))
        elif isinstance(value, list) and any(isinstance(item, dict) for item in value):
            lists.append(self._table(name, value, path))
        else:
            singles.append((name, self._cell(value, path)))

    def _name(self, path: tuple[str | int, ...]) -> str:
        return extract_words.value_place(pointer_to(*path), self._data)

    def _table(self, name: str, entries: list[Any], path: tuple[str | int, ...]) -> str:
        keys = dict.fromkeys(key for entry in entries if isinstance(entry, dict) for key in entry)
        columns = list(islice(keys, MOST_DRAWN + 1))
        heads = "".join(f'<th scope="col">{escape(column)}</th>' for column in columns)
        rows = []
        for place, entry in enumerate(entries):
            if self.left < 0:
                break
            if isinstance(entry, dict):
                missing = {key for key in columns if key not in entry}
                # Empty cells count too: each entry may have other keys.
                self.left -= len(missing)
                cells = [
                    self._told((*path, place, key)) if key in missing else self._cell(entry[key], (*path, place, key))
                    for key in columns
                ]
                told, body = self._told((*path, place)), "".join(f"<td>{cell}</td>" for cell in cells)
            else:
                told, body = "", f'<td colspan="{len(columns) or 1}">{self._cell(entry, (*path, place))}</td>'
            rows.append(f'<tr><th scope="row">{place + 1}{told}</th>{body}</tr>')
        told = self._told(path)
        caption = f"<caption>{escape(name)}{told}</caption>" if name or told else ""
        return (
            f'<div class="table-scroll"><table class="figures">{caption}<thead><tr><th></th>{heads}</tr></thead>'
            f"<tbody>{''.join(rows)}</tbody></table></div>"
        )

    def _cell(self, value: Any, path: tuple[str | int, ...]) -> str:
        self.left -= 1
        if self.left < 0:
            return ""
        if isinstance(value, dict | list) and value:
            lines = [
                self._cell(item, (*path, key))
                if isinstance(value, list)
                else f"{escape(str(key))}: {self._cell(item, (*path, key))}"
                for key, item in (value.items() if isinstance(value, dict) else enumerate(value))
            ]
            return "<br>".join(lines) + self._told(path)
        return self._leaf(value, path) + self._told(path)

    def _leaf(self, value: Any, path: tuple[str | int, ...]) -> str:
        pointer = pointer_to(*path)
        if value is None:
            return f'<span class="value value-null">{t(self._language, "extract.null")}</span>'
        kind = "text" if isinstance(value, str) else "plain"
        shown = escape(value if isinstance(value, str) else _json(value))
        if pointer in self._marks:
            title = escape(t(self._language, "extract.found"))
            return (
                f'<button type="button" class="value value-{kind} found" data-at="{escape(pointer)}" title="{title}">'
                f"{shown}</button>"
            )
        return f'<span class="value value-{kind}">{shown}</span>'

    def _class(self, path: tuple[str | int, ...]) -> str:
        return "invalid" if pointer_to(*path) in self._problems else "valid" if self._final else ""

    def _told(self, path: tuple[str | int, ...]) -> str:
        """Why a value is not as the schema wants it."""
        told = self._problems.get(pointer_to(*path), [])
        return "".join(f'<span class="field-problem">✗ {escape(sentence)}</span>' for sentence in told)

    def _missing_in(self, value: Any, path: tuple[str | int, ...]) -> list[str]:
        """Keys that the schema wants, and that are not there."""
        if not isinstance(value, dict):
            return []
        above = pointer_to(*path) + "/"
        names = [pointer[len(above) :] for pointer in self._problems if pointer.startswith(above)]
        keys = [name.replace("~1", "/").replace("~0", "~") for name in names if "/" not in name]
        return [key for key in keys if key not in value]

    def _missing(self, key: str, path: tuple[str | int, ...]) -> str:
        place = (*path, key)
        return f'<li class="invalid"><span class="key">{escape(key)}</span>{self._told(place)}</li>'


def _entry_name(key: str | int) -> str:
    return str(key + 1) if isinstance(key, int) else key


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)
