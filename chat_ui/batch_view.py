"""How a batch looks: what it will cost, how far it is, and the table of its rows. Pure; makes HTML.

The page compares new HTML with what stands there, node by node, and changes only what differs: so a row keeps its
nodes, and one that was opened stays open.
"""

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from html import escape
from typing import Any
from urllib.parse import quote

from chat_core.batch_service import Batch as RemoteBatch
from chat_core.connections import Connection
from chat_core.discovery import ListedModel
from chat_core.errors import BatchesNotFound
from chat_core.row_extraction import RowResult
from chat_core.schemas import FieldProblem
from chat_ui import extract_words, notes
from chat_ui.batch_job import ROWS_SHOWN, Batch, Forecast, Row, Status
from chat_ui.costs import price_words, spent_words, total
from chat_ui.describe_view import FILES
from chat_ui.texts import Language, money, number, t

# What of one value, of a source and of a whole answer is drawn; the files hold all.
LONGEST_VALUE = 160
LONGEST_SOURCE = 400
LONGEST_DATA = 4_000
MOST_COLUMNS = 12
MOST_PROBLEMS = 5
COUNTED: tuple[Status, ...] = ("done", "invalid", "failed", "gone")
REMOTE_STATUSES = (
    "validating", "in_progress", "finalizing", "completed", "failed", "expired", "cancelling", "cancelled", "unknown",
)  # fmt: skip


def estimate_html(
    counted: Forecast,
    model: str,
    connection: Connection,
    known: ListedModel,
    pictures: bool,
    language: Language,
    reference: str,
    won: Decimal,
) -> str:
    """What the rows that are to be asked will take, before anything is sent, and what would go wrong."""
    line = [f"<strong>{t(language, 'batch.count', count=number(counted.rows))}</strong>"]
    if model:
        line.append(f"<code>{escape(model)}</code>")
    line.append(t(language, "extract.input", tokens=number(counted.input_tokens)))
    line.append(t(language, "extract.output", tokens=number(counted.output_tokens)))
    line.append(f"<strong>{price_words(counted.cost, connection, language, reference, won)}</strong>")
    problems = []
    if counted.unknown:
        problems.append(t(language, "describe.unknown_tokens", count=number(counted.unknown)))
    if counted.cost is None and not connection.free:
        problems.append(t(language, "batch.only_rows"))
    if pictures and known.profile.images is False:
        problems.append(t(language, "meter.no_images", model=model))
    told = "".join(f'<br><span class="problem">{escape(problem)}</span>' for problem in problems)
    return f"<p>{' · '.join(line)}{told}</p>"


def progress_html(batch: Batch, connection: Connection, language: Language, reference: str, won: Decimal) -> str:
    """How far it is, what it has cost and what is to come, and how it ended; empty where nothing was asked."""
    if batch.asked is None or not batch.rows:
        return ""
    statuses = batch.statuses()
    counts = {name: statuses[name] for name in COUNTED}
    ended = counts["done"] + counts["invalid"] + counts["failed"]
    share = 100 * ended // len(batch.rows)
    words = [t(language, "batch.progress", done=number(ended), all=number(len(batch.rows)))]
    words += [t(language, f"batch.progress_{name}", count=number(count)) for name, count in counts.items() if count]
    if batch.ledger.entries:
        words.append(spent_words(batch.ledger, language, reference, won))
    if batch.running:
        words.append(_to_come(batch, connection, language, reference, won))
    lines = "".join(f'<p class="describe-end">{escape(line)}</p>' for line in _end(batch, language))
    return (
        f'<div class="describe-bar" role="progressbar" aria-valuemin="0" aria-valuemax="100" aria-valuenow="{share}" '
        f'aria-label="{t(language, "batch.progress_label")}"><span style="width: {share}%"></span></div>'
        f"<p>{' · '.join(words)}</p>{lines}"
    )


def _to_come(batch: Batch, connection: Connection, language: Language, reference: str, won: Decimal) -> str:
    left = {batch.ids.get(row.key, "") for row in batch.with_status("waiting", "running", "stopped")}
    cost = total([batch.expected.get(identity) for identity in left])
    if connection.free:
        return t(language, "describe.to_come", money=price_words(cost, connection, language, reference, won))
    unknown = t(language, "usage.unknown")
    return t(language, "describe.to_come", money=unknown if cost is None else "≈ " + money(cost, won))


def _end(batch: Batch, language: Language) -> list[str]:
    """How the last run ended, if not with everything asked, and what was found out meanwhile."""
    lines = []
    if batch.broken:
        lines.append(notes.unexpected(language).text)
    if batch.lost is not None:
        lines.append(notes.sentence(batch.lost, language))
    if batch.refused is not None:
        step = t(language, f"extract.step_{batch.refused.to}")
        lines.append(t(language, "batch.stepped_down", step=step))
    ended = batch.ended
    if ended is None or batch.running:
        return lines
    match ended.reason:
        case "budget":
            lines.append(t(language, "batch.ended_budget", left=number(ended.left)))
        case "stopped":
            lines.append(t(language, "batch.ended_stopped", left=number(ended.left)))
        case "refused" if ended.error is not None:
            why = notes.sentence(ended.error, language)
            lines.append(t(language, "batch.ended_refused", reason=why, left=number(ended.left)))
    return lines


# --- the table --------------------------------------------------------------------------------------------------------


def table_html(
    batch: Batch, rows: Sequence[Row], results: Mapping[str, RowResult], language: Language, won: Decimal
) -> str:
    """One page of rows, with a line to turn pages; empty where there are no rows."""
    if not batch.rows:
        return f'<p class="quiet">{t(language, "batch.empty")}</p>'
    names = columns_of(batch)[:MOST_COLUMNS]
    heads = [t(language, f"batch.column_{name}") for name in ("row", "state")]
    heads += [escape(name) for name in names] or [t(language, "batch.column_data")]
    paid = f'<th scope="col" class="number">{t(language, "batch.column_paid")}</th>'
    head = "".join(f'<th scope="col">{name}</th>' for name in heads) + paid
    body = "".join(_row(batch, row, results.get(row.key), names, language, won) for row in rows)
    if not rows:
        body = f'<tr><td colspan="{len(heads) + 1}">{t(language, "batch.no_problems")}</td></tr>'
    return (
        f'<div class="table-scroll" tabindex="0"><table class="figures batch-table"><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>{_pages(batch, language)}"
    )


def columns_of(batch: Batch) -> list[str]:
    """The fields of the schema's root, each a column; empty where the root has none, and all data is one column."""
    schema = batch.asked.wanted.schema if batch.asked is not None else None
    properties = schema.get("properties") if schema else None
    return [str(name) for name in properties] if isinstance(properties, dict) else []


def cells_of(names: Sequence[str], data: Any) -> list[Any]:
    """What stands in these columns; in the one column of data without fields, all of it."""
    if not names:
        return [data]
    return [data.get(name) if isinstance(data, dict) else None for name in names]


def _row(
    batch: Batch, row: Row, result: RowResult | None, names: Sequence[str], language: Language, won: Decimal
) -> str:
    status = batch.status(row)
    faulty = {_field_of(problem.pointer) for problem in _field_problems(result)}
    values = cells_of(names, result.data) if result is not None and result.found else []
    cells = "".join(
        f"<td{' class=invalid' if name in faulty else ''}>{_value(value)}</td>"
        for name, value in zip(names or ("",), values, strict=False)
    )
    cells = cells or "<td></td>" * max(1, len(names))
    return (
        f'<tr data-key="{row.key}" data-status="{status}"><th scope="row">{_source(batch, row, language)}</th>'
        f'<td class="batch-state">{_state(batch, row, result, language)}</td>{cells}'
        f'<td class="number">{_paid(batch, row, language, won)}</td></tr>'
    )


def removable(batch: Batch, row: Row) -> bool:
    """Whether a row can be taken away now."""
    return not batch.running and not batch.at_server and batch.status(row) != "reading"


def _remove(batch: Batch, row: Row, language: Language) -> str:
    if not removable(batch, row):
        return ""
    words = escape(t(language, "describe.remove", name=row.name))
    return f'<button type="button" data-do="remove" aria-label="{words}" title="{words}">×</button>'


def _source(batch: Batch, row: Row, language: Language) -> str:
    small = row.source.small
    picture = f'<img src="{FILES}{quote(small)}" alt="" loading="lazy">' if small else ""
    file = row.source.text
    text = row.text or (file.text if file is not None else "")
    words = f'<span class="batch-text">{escape(_cut(" ".join(text.split()), LONGEST_SOURCE))}</span>' if text else ""
    remove = _remove(batch, row, language)
    return f'{remove}{picture}<span class="batch-name">{escape(row.name)}</span>{words}'


def _state(batch: Batch, row: Row, result: RowResult | None, language: Language) -> str:
    status, state = batch.status(row), batch.state(row)
    word = t(language, f"batch.status_{status}")
    if status == "running" and state is not None and state.pausing is not None:
        kind = "limit" if state.pausing.kind == "rate_limited" else "failure"
        word = t(language, f"describe.pausing_{kind}")
    lines = problems_of(batch, row, result, language)
    if (more := len(lines) - MOST_PROBLEMS) > 1:
        lines = [*lines[:MOST_PROBLEMS], t(language, "batch.more_problems", count=number(more))]
    told = "".join(f"<li>{escape(line)}</li>" for line in lines)
    problems = f'<ul class="problem">{told}</ul>' if told else ""
    again = ""
    if not batch.running and status in ("failed", "invalid") and row.ready:
        again = f'<button type="button" data-do="again">{t(language, "batch.again_one")}</button>'
    return f'<span class="state state-{status}">{word}</span>{problems}{_whole(result, language)}{again}'


def problems_of(batch: Batch, row: Row, result: RowResult | None, language: Language) -> list[str]:
    """Why a row has no data, or what is wrong with it, as sentences."""
    state = batch.state(row)
    error = row.source.error if row.source.status == "failed" else state.error if state is not None else None
    if error is not None:
        said = [notes.plain_server_words(error, language)] if error.server_words else []
        return [notes.sentence(error, language), *said]
    if result is None:
        return []
    lines = [extract_words.answer_problem(problem, result.data, language) for problem in result.problems]
    return [*lines, t(language, "batch.repair_due")] if result.repair_due else lines


def _whole(result: RowResult | None, language: Language) -> str:
    if result is None or not (result.found or result.raw):
        return ""
    text = _start_of_json(result.data, LONGEST_DATA + 1, indent=2) if result.found else result.raw
    title = t(language, "batch.whole" if result.found else "batch.raw")
    return f'<details><summary>{title}</summary><pre class="raw">{escape(_cut(text, LONGEST_DATA))}</pre></details>'


def _paid(batch: Batch, row: Row, language: Language, won: Decimal) -> str:
    paid_for = batch.outcome(row) or batch.state(row)
    usage = paid_for.usage if paid_for is not None else None
    if paid_for is None or usage is None:
        return ""
    about = "≈ " if usage.estimated else ""
    tokens = t(language, "footnote.usage", input=number(usage.input_tokens), output=number(usage.output_tokens))
    cost = paid_for.cost
    paid = t(language, "footnote.unknown_price") if cost is None else money(cost, won)
    return f"{about}{tokens}<br>{paid}"


def _value(value: Any) -> str:
    if value is None:
        return '<span class="value-null">null</span>'
    if isinstance(value, list) and value and all(isinstance(each, str | int | float) for each in value):
        first = value[:LONGEST_VALUE]
        text = ", ".join(each if isinstance(each, str) else json.dumps(each) for each in first)
    else:
        text = value if isinstance(value, str) else _start_of_json(value, LONGEST_VALUE + 1)
    return escape(_cut(text, LONGEST_VALUE))


def _start_of_json(value: Any, most: int, indent: int | None = None) -> str:
    """JSON, no further than to the piece that makes it as long as this: an answer may be megabytes."""
    pieces, length = [], 0
    for piece in json.JSONEncoder(ensure_ascii=False, indent=indent).iterencode(value):
        pieces.append(piece)
        length += len(piece)
        if length >= most:
            break
    return "".join(pieces)


def shown_part(value: Any, most: int = LONGEST_DATA) -> Any:
    """Of an answer's data as much as is drawn; what is beyond that is cut out of its end."""
    return _shown_part(value, [most])


def _shown_part(value: Any, left: list[int]) -> Any:
    # Each value is at least one letter long, so few of them are looked at.
    left[0] -= 1
    if isinstance(value, str):
        part = value[: max(0, left[0]) + 1]
        left[0] -= len(part)
        return part
    if isinstance(value, list):
        entries = []
        for each in value:
            entries.append(_shown_part(each, left))
            if left[0] < 0:
                break
        return entries
    if isinstance(value, dict):
        members = {}
        for name, each in value.items():
            left[0] -= len(name)
            members[name] = _shown_part(each, left)
            if left[0] < 0:
                break
        return members
    return value


def _field_problems(result: RowResult | None) -> list[FieldProblem]:
    return [problem for problem in result.problems if isinstance(problem, FieldProblem)] if result else []


def _field_of(pointer: str) -> str:
    """The field of the root that a JSON Pointer leads into."""
    return pointer.split("/")[1].replace("~1", "/").replace("~0", "~") if "/" in pointer else ""


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def _pages(batch: Batch, language: Language) -> str:
    listed = len(batch.listed())
    pages = max(1, -(-listed // ROWS_SHOWN))
    page = min(batch.page, pages - 1)
    if pages == 1:
        return ""
    told = t(language, "batch.page", page=number(page + 1), pages=number(pages), rows=number(listed))

    def turn(words: str, to: int) -> str:
        off = "" if 0 <= to < pages else " disabled"
        return f'<button type="button" data-do="page" data-page="{to}"{off}>{words}</button>'

    back, on = turn(t(language, "batch.previous"), page - 1), turn(t(language, "batch.next"), page + 1)
    return f'<p class="batch-pages">{back} <span>{told}</span> {on}</p>'


# --- the batch at a server --------------------------------------------------------------------------------------------


def remote_html(
    batch: Batch, rows: Sequence[Row], cost: Decimal | None, connection: Connection, language: Language, won: Decimal,
    *, mine: bool,
) -> str:  # fmt: skip
    """What a batch at the server would cost, and the one that rows were sent to, as it stands.

    ``cost``: US dollars, None where unknown.  ``mine``: it was sent over the connection of now.
    """
    lines = []
    if rows and batch.offered:
        paid = t(language, "meter.price_unknown") if cost is None else "≈ " + money(cost, won)
        lines.append(t(language, "batch.remote_price", count=number(len(rows)), money=paid))
    if batch.remote is not None:
        lines.append(_remote_line(batch.remote.batch, language))
        lines += [f'<span class="problem">{escape(words)}</span>' for words in batch.remote.batch.problems]
        if not mine and not batch.remote.taken:
            lines.append(t(language, "batch.other_connection"))
    if (error := batch.remote_error) is not None:
        # That a server has no such thing is no fault.
        kind = "quiet" if isinstance(error, BatchesNotFound) else "problem"
        lines.append(f'<span class="{kind}">{escape(notes.sentence(error, language))}</span>')
        if error.server_words:
            lines.append(f'<span class="problem">{escape(notes.plain_server_words(error, language))}</span>')
    return f"<p>{'<br>'.join(lines)}</p>" if lines else ""


def _remote_line(remote: RemoteBatch, language: Language) -> str:
    status = t(language, f"batch.remote_{remote.status}") if remote.status in REMOTE_STATUSES else ""
    words = [f"<code>{escape(remote.id)}</code>", f"<strong>{status or escape(remote.status)}</strong>"]
    if remote.total:
        words.append(t(language, "batch.progress", done=number(remote.completed), all=number(remote.total)))
    if remote.failed:
        words.append(t(language, "batch.progress_failed", count=number(remote.failed)))
    return " · ".join(words)
