"""The rows of a batch as files: CSV for spreadsheets, JSONL for programs, and those that failed as a CSV file to begin
anew from. Pure.
"""

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

from chat_core.row_extraction import RowResult
from chat_ui import batch_view
from chat_ui.batch_job import Batch, Row
from chat_ui.exports import cell
from chat_ui.texts import Language

Format = Literal["csv", "jsonl", "failed"]
BEFORE = ("row", "source", "text")
AFTER = ("status", "problems", "step", "model", "input_tokens", "output_tokens", "cost_usd", "estimated")


def heads(batch: Batch, form: Format) -> str:
    """The first line of a file; empty for JSONL."""
    if form == "jsonl":
        return ""
    return _csv_line([*BEFORE, *_data_heads(batch), *AFTER] if form == "csv" else [*BEFORE, "status", "problems"])


def lines(
    batch: Batch,
    rows: Sequence[tuple[int, Row]],
    results: Mapping[str, RowResult],
    form: Format,
    language: Language,
) -> str:
    """Some rows, each with its place in the batch, from 1. ``failed``: only those that failed or are not valid."""
    return "".join(_line(batch, place, row, results.get(row.key), form, language) for place, row in rows)


def ending(form: Format) -> str:
    """Of the file's name."""
    return "jsonl" if form == "jsonl" else "csv"


def _line(batch: Batch, place: int, row: Row, result: RowResult | None, form: Format, language: Language) -> str:
    status = batch.status(row)
    if form == "failed" and status not in ("failed", "invalid"):
        return ""
    file = row.source.text
    before = {"row": place, "source": row.name, "text": row.text or (file.text if file is not None else "")}
    problems = batch_view.problems_of(batch, row, result, language)
    if form == "failed":
        return _csv_line([*before.values(), status, " ".join(problems)])
    after = _after(batch, row, result)
    if form == "jsonl":
        data = result.data if result is not None else None
        raw = {"raw": result.raw} if result is not None and result.raw else {}
        told = {"status": status, "problems": problems}
        return json.dumps({**before, "data": data, **raw, **told, **after}, ensure_ascii=False) + "\n"
    return _csv_line([*before.values(), *_data_cells(batch, result), status, " ".join(problems), *after.values()])


def _after(batch: Batch, row: Row, result: RowResult | None) -> dict[str, Any]:
    paid_for = result or batch.state(row)
    usage = paid_for.usage if paid_for is not None else None
    cost = paid_for.cost if paid_for is not None else None
    return {
        "step": result.step if result is not None else "",
        "model": batch.asked.model if batch.asked is not None else "",
        "input_tokens": usage.input_tokens if usage else 0,
        "output_tokens": usage.output_tokens if usage else 0,
        "cost_usd": "unknown" if usage and cost is None else f"{cost or 0:f}",
        "estimated": bool(usage and usage.estimated),
    }


def _data_heads(batch: Batch) -> list[str]:
    """The fields of the data; one that is called like a column of ours says that it is the data's."""
    taken = {*BEFORE, *AFTER}
    heads = []
    for name in batch_view.columns_of(batch) or ["data"]:
        while name in taken:
            name = f"data.{name}"
        taken.add(name)
        heads.append(name)
    return heads


def _data_cells(batch: Batch, result: RowResult | None) -> list[Any]:
    names = batch_view.columns_of(batch)
    if result is None or not result.found:
        return [""] * max(1, len(names))
    return [_text(value) for value in batch_view.cells_of(names, result.data)]


def _text(value: Any) -> Any:
    """A text or a number as it is, nothing for null, all else as JSON."""
    if value is None:
        return ""
    # A number is no formula: one below zero gets no apostrophe.
    is_plain = isinstance(value, str | int | float) and not isinstance(value, bool)
    return value if is_plain else json.dumps(value, ensure_ascii=False)


def _csv_line(values: Iterable[Any]) -> str:
    file = io.StringIO()
    csv.writer(file).writerow([cell(value) for value in values])
    return file.getvalue()
