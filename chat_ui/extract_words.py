"""What is wrong with a table, a schema or an extracted value, as sentences. Pure."""

from collections.abc import Iterable
from typing import Any

from chat_core.field_table import MOST_FIELDS, FieldTableError
from chat_core.json_output import Problem
from chat_core.schemas import FieldProblem, SchemaProblem
from chat_ui import notes, texts
from chat_ui.texts import Language, number, t

# Places that one sentence names.
MOST_PLACES = 10


def table_error(error: FieldTableError, language: Language) -> str:
    """Why the rows of the table make no schema."""
    return t(language, f"extract.table_{error.rule}", most=number(MOST_FIELDS), name=error.name)


def strict_sentences(problems: Iterable[SchemaProblem], language: Language) -> list[str]:
    """Which rules of strict structured output a schema breaks, and where: one sentence for all places of a kind."""
    places: dict[str, list[str]] = {}
    for problem in problems:
        values = {name: number(value) if isinstance(value, int) else value for name, value in problem.values.items()}
        what = t(language, f"extract.rule_{problem.rule}", **values)
        places.setdefault(what, []).append(schema_place(problem.pointer))
    return [_placed(what, [place for place in each if place]) for what, each in places.items()]


def _placed(what: str, places: list[str]) -> str:
    shown = ", ".join(places[:MOST_PLACES]) + (" …" if len(places) > MOST_PLACES else "")
    return f"{shown}: {what}" if places else what


def answer_problem(problem: Problem | FieldProblem, data: Any, language: Language) -> str:
    """One problem of an answer, with what can be done about it. ``data``: that was read from it."""
    if isinstance(problem, FieldProblem):
        place = value_place(problem.pointer, data)
        sentence = field_problem(problem, language)
        return f"{place}: {sentence}" if place else sentence
    match problem.kind:
        case "refused":
            words = str(problem.values.get("words", ""))
            return notes.plain_end("refusal", language, refusal=words)
        case "content_filter":
            return notes.plain_end("content_filter", language)
        case "cut" if problem.values.get("finish_reason") == "length":
            return t(language, "extract.cut")
        case "blanks":
            return t(language, "extract.blanks", count=number(int(problem.values.get("count", 0))))
        case "empty":
            return t(language, "extract.nothing_came")
        case "repair_failed":
            return t(language, "extract.repair_failed", reason=notes.outcome(str(problem.values["error"]), language))
    return notes.plain_json_problem(problem, language)


def field_problem(problem: FieldProblem, language: Language) -> str:
    """Why a value is not as the schema wants it."""
    values = {"wanted": "", "found": "", "keyword": problem.rule} | problem.values
    key = f"extract.field_{problem.rule}"
    return t(language, key if key in texts.TEXTS else "extract.field_other", **values)


def schema_place(pointer: str) -> str:
    """A place in a schema by the names of its fields, with dots between them; empty for the root."""
    steps = [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]
    names = []
    after_holder = False
    for step in steps:
        if after_holder:
            names.append(step)
            after_holder = False
        elif step in ("properties", "$defs"):
            after_holder = True
    return ".".join(names)


def value_place(pointer: str, value: Any) -> str:
    """A place in this value: names with dots, entries of lists counted from 1."""
    shown = ""
    for step in pointer.split("/")[1:]:
        step = step.replace("~1", "/").replace("~0", "~")
        if isinstance(value, list):
            place = int(step) if step.isdecimal() else len(value)
            shown += f"[{place + 1}]"
            value = value[place] if place < len(value) else None
        else:
            shown += f".{step}" if shown else step
            value = value.get(step) if isinstance(value, dict) else None
    return shown
