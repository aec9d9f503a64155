"""Described pictures as files: CSV for spreadsheets, JSONL for programs, HTML for pages. Pure."""

import csv
import io
import json
import re
from collections.abc import Iterable
from html import escape
from typing import Any, Literal
from urllib.parse import quote

from chat_ui import notes
from chat_ui.describe_job import Picture
from chat_ui.texts import Language, t

Format = Literal["csv", "jsonl", "html"]
COLUMNS = (
    "name", "url", "description", "characters", "status", "problem", "preset", "prompt", "language", "model", "detail",
    "width", "height", "input_tokens", "output_tokens", "cost_usd", "estimated",
)  # fmt: skip
# What a spreadsheet may take for a formula, blanks before it or not; full-width signs count in
# Japanese and Korean ones. Source: OWASP, "CSV Injection".
_FORMULA = re.compile(r"\s*[=+\-@\uff1d\uff0b\uff0d\uff20]|[\t\r\n]")


def exported(pictures: Iterable[Picture], form: Format, language: Language) -> bytes:
    """All pictures in their order, also those without a description, with the reason why."""
    text = {"csv": _csv, "jsonl": _jsonl, "html": _html}[form](list(pictures), language)
    # Excel reads UTF-8, and so Korean, only where a mark at the beginning says so.
    return text.encode("utf-8-sig" if form == "csv" else "utf-8", "replace")


def problem(picture: Picture, language: Language) -> str:
    """Why there is no description, or what is wrong with it, as a sentence; empty where all is well."""
    if picture.error is not None:
        return notes.sentence(picture.error, language)
    if picture.status not in ("done", "failed"):
        return t(language, f"describe.status_{picture.status}")
    # Where the last answer was none, the text is that of an earlier one.
    text = picture.text if picture.status == "done" else ""
    note = notes.of_end(picture.finish_reason, language, text=text, refusal=picture.refusal)
    # A server that never says why it ended is not worth a word here.
    return "" if note is None or (text and picture.finish_reason is None) else notes.plain(note)


def _row(picture: Picture, language: Language) -> dict[str, Any]:
    asked = picture.asked
    cost = picture.cost
    return {
        "name": picture.name,
        "url": picture.source if picture.remote else "",
        "description": picture.text,
        "characters": len(picture.text),
        "status": picture.status,
        "problem": problem(picture, language),
        "preset": asked.preset.id if asked else "",
        "prompt": asked.prompt if asked else "",
        "language": asked.language if asked else "",
        "model": asked.model if asked else "",
        "detail": (asked.detail or "auto") if asked else "",
        "width": picture.width,
        "height": picture.height,
        "input_tokens": picture.input_tokens,
        "output_tokens": picture.output_tokens,
        "cost_usd": "unknown" if cost is None else f"{cost:f}",
        "estimated": picture.estimated,
    }


def _csv(pictures: list[Picture], language: Language) -> str:
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(COLUMNS)
    for picture in pictures:
        writer.writerow([cell(value) for value in _row(picture, language).values()])
    return file.getvalue()


def cell(value: Any) -> Any:
    """A text that no spreadsheet takes for a formula."""
    return f"'{value}" if isinstance(value, str) and _FORMULA.match(value) else value


def _jsonl(pictures: list[Picture], language: Language) -> str:
    return "".join(json.dumps(_row(picture, language), ensure_ascii=False) + "\n" for picture in pictures)


def _html(pictures: list[Picture], language: Language) -> str:
    """One line a picture. One without a description gets no empty ``alt``, which would say that it is decoration."""
    return "".join(f"{_html_line(picture, language)}\n" for picture in pictures)


def _html_line(picture: Picture, language: Language) -> str:
    row = _row(picture, language)
    if not row["description"]:
        # Two hyphens would end the comment.
        return f"<!-- {escape(_one_line(picture.name + ': ' + row['problem'])).replace('--', '- -')} -->"
    source = picture.source if picture.remote else quote(picture.name)
    alt = escape(_one_line(row["description"]))
    return f'<img src="{escape(source)}" alt="{alt}" width="{picture.width}" height="{picture.height}">'


def _one_line(text: str) -> str:
    return " ".join(text.split())
