"""The named endpoint /extract for scripts: a text, a picture or both in, checked data out."""

import json
from pathlib import Path
from typing import Any

import gradio as gr

from chat_core import discovery, extracting
from chat_core.connections import Connection
from chat_core.errors import ChatError
from chat_core.extraction import Extraction, extract
from chat_core.fetch import fetch_image
from chat_core.images import load_image
from chat_core.messages import Part, TextPart
from chat_core.schemas import FieldProblem
from chat_core.settings import Settings
from chat_ui import extract_words, notes, wanted
from chat_ui.extract_job import LONGEST_TEXT
from chat_ui.extract_words import answer_problem
from chat_ui.files_apart import apart
from chat_ui.gradio_inside import uploads
from chat_ui.texts import Language, known_language, number, t
from chat_ui.visit import Visit
from chat_ui.wanted import Wanted


def build(visit: gr.State, settings: Settings, app: Connection) -> None:
    """Add the endpoint to the current page."""

    async def extract_json(
        text: str = "",
        picture: list[tuple[str, str]] | None = None,
        url: str = "",
        schema: str = "",
        preset: str = "",
        instructions: str = "",
        language: str = "en",
        model: str = "",
        visit: Visit | None = None,
        request: gr.Request | None = None,
    ) -> tuple[str, list[dict[str, str]], str, dict[str, Any], str]:
        """Extract data. ``schema``: as JSON text, a JSON Schema, an example, or a list of fields {"name", "type",
        "description", "required", "is_list", "choices"}; or else a ``preset``. Gives the data, what is wrong with it
        (an empty list: it is valid), the step that was used (json_schema, json_object, prompt), the usage, and the
        price in US dollars ("unknown" where it is not known)."""
        speech = known_language(request.headers.get("accept-language")) if request else "en"
        connection = (visit or Visit()).connection(app)
        asked, told = _asked(schema, preset, instructions, known_language(language), speech)
        try:
            parts = await _parts(text[:LONGEST_TEXT], picture or [], url.strip(), speech)
            name = model.strip() or await discovery.first_model(connection)
            extraction = await extract(
                connection, parts, asked.schema, model=name, instructions=told, clocks=settings.clocks
            )
        except ChatError as error:
            raise gr.Error(notes.sentence(error, speech), print_exception=False) from None
        usage = {
            "requests": len(extraction.requests),
            "input_tokens": extraction.usage.input_tokens,
            "output_tokens": extraction.usage.output_tokens,
            "estimated": extraction.usage.estimated,
        }
        price = "unknown" if extraction.cost is None else f"{extraction.cost:f}"
        return json.dumps(extraction.data), _errors(extraction, speech), extraction.step, usage, price

    gr.Button(visible=False).click(
        extract_json,
        [
            gr.Textbox(value="", visible=False),  # text
            uploads(value=None, visible=False),  # picture
            gr.Textbox(value="", visible=False),  # url
            gr.Textbox(value="", visible=False),  # schema
            gr.Textbox(value="", visible=False),  # preset
            gr.Textbox(value="", visible=False),  # instructions
            gr.Textbox(value="en", visible=False),  # language
            gr.Textbox(value="", visible=False),  # model
            visit,
        ],
        [
            gr.JSON(visible=False),
            gr.JSON(visible=False),
            gr.Textbox(visible=False),
            gr.JSON(visible=False),
            gr.Textbox(visible=False),
        ],
        api_name="extract",
        api_visibility="public",
        concurrency_limit=None,
    )


def _asked(schema: str, preset: str, instructions: str, language: Language, speech: Language) -> tuple[Wanted, str]:
    """What is wanted, and the instructions. Raises gr.Error."""
    found = extracting.find(preset.strip())
    if preset.strip() and found is None:
        raise gr.Error(t(speech, "extract.unknown_preset", preset=preset), print_exception=False)
    if not schema.strip() and found is None:
        raise gr.Error(t(speech, "extract.no_wanted"), print_exception=False)
    asked = wanted.of_json(schema) if schema.strip() or found is None else wanted.of_fields(found.fields(language))
    if asked.schema is None:
        problem = ""
        if asked.table_error is not None:
            problem = extract_words.table_error(asked.table_error, speech)
        elif asked.too_long:
            problem = t(speech, "extract.schema_too_long", most=number(wanted.LONGEST_SCHEMA))
        elif asked.problem is not None:
            problem = notes.plain_json_problem(asked.problem, speech)
        raise gr.Error(t(speech, "extract.bad_schema", problem=problem).strip(), print_exception=False)
    return asked, instructions.strip() or (found.instructions.text(language) if found else "")


async def _parts(text: str, files: list[tuple[str, str]], url: str, speech: Language) -> list[Part]:
    """The sources. Raises ImageError, FetchError and gr.Error."""
    parts: list[Part] = []
    for path, name in files:
        parts.append(await apart(load_image, Path(path), name=name))
    if url:
        parts.append(await fetch_image(url))
    if text.strip():
        parts.append(TextPart(text))
    if not parts:
        raise gr.Error(t(speech, "extract.no_source"), print_exception=False)
    return parts


def _errors(extraction: Extraction, speech: Language) -> list[dict[str, str]]:
    return [
        {
            "pointer": problem.pointer if isinstance(problem, FieldProblem) else "",
            "rule": problem.rule if isinstance(problem, FieldProblem) else problem.kind,
            "sentence": answer_problem(problem, extraction.data, speech),
        }
        for problem in extraction.problems
    ]
