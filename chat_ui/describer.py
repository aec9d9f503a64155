"""The events of the tab Describe images: reading in, asking, stopping, editing, exporting, asking on in the chat.

Raises nothing, and keeps nothing but what all visitors share; what is a visitor's comes as ``Visit``.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import aclosing
from typing import Any, cast, get_args

import gradio as gr

from chat_core import describing
from chat_core.batch import Budget
from chat_core.connections import Connection
from chat_core.messages import Detail
from chat_core.settings import Settings
from chat_ui import describe_run, describe_view, exports, limits, transcript
from chat_ui.describe_job import MOST_PICTURES, Asked, Job, Picture, forecast
from chat_ui.gradio_inside import keep_file
from chat_ui.gradio_messages import GradioMessage
from chat_ui.kept_pictures import name_of_url
from chat_ui.localize import warn
from chat_ui.page_events import sent_text
from chat_ui.texts import Language, known_language, number, t
from chat_ui.visit import Visit

LONGEST_PROMPT = 10_000
# For Start, Stop, Retry, Ask all again and Clear: while pictures are asked, and as they are.
BUSY: tuple[Any, ...] = tuple(
    gr.update(visible=name == "stop") for name in ("start", "stop", "retry", "again", "clear")
)
UNMOVED: tuple[Any, ...] = tuple(gr.skip() for _ in BUSY)


class Describer:
    """What the events of the tab do."""

    def __init__(self, settings: Settings, app: Connection) -> None:
        self.settings = settings
        self.app = app

    def view(self, visit: Visit) -> tuple[str, str]:
        """Progress and gallery."""
        job, won = visit.described, self.settings.won_per_dollar
        return (
            describe_view.progress_html(job, visit.connection(self.app), job.language, job.reference, won),
            describe_view.gallery_html(job, job.language, job.reference, won),
        )

    def shown(self, visit: Visit, language: Language, reference: str) -> tuple[str, str]:
        """Progress and gallery from now on in this language, compared with this model."""
        visit.described.language, visit.described.reference = language, reference
        return self.view(visit)

    async def ready(self, visit: Visit, language: Language, reference: str, *asking: Any) -> tuple[Any, ...]:
        """What can be done now, and what it would take: sets ``Widgets.ready``."""
        job, connection = visit.described, visit.connection(self.app)
        asked = self.asked(visit, *asking)
        waiting = job.to_ask
        counted, _ = await asyncio.to_thread(forecast, waiting, asked, connection, reference)
        known = visit.describe(connection, asked.model)
        won = self.settings.won_per_dollar
        estimate = describe_view.estimate_html(counted, asked, connection, known, language, reference, won)
        failed, done = len(job.with_status("failed")), len(job.with_status("done"))
        resting = not job.running
        # A link that could not be fetched is nothing that was begun.
        key = "describe.resume" if job.ended is not None or done else "describe.start_count"
        begin = t(language, key, count=number(len(waiting))) if waiting else t(language, "describe.start")
        return (
            estimate if job.pictures else f'<p class="quiet">{t(language, "describe.empty")}</p>',
            gr.update(value=begin, visible=resting and bool(waiting or not job.pictures), interactive=bool(waiting)),
            gr.update(visible=not resting),
            gr.update(value=t(language, "describe.retry_failed", count=number(failed)), visible=resting and failed > 0),
            gr.update(visible=resting and done > 0 and not waiting),
            gr.update(visible=resting and bool(job.pictures)),
            gr.update(visible=any(picture.described for picture in job.pictures.values())),
        )

    def asked(self, visit: Visit, preset: Any, prompt: Any, answer: Any, model: Any, detail: Any) -> Asked:
        """What is asked, from the widgets; the values come from a browser, so anything may stand in them."""
        found = describing.find(str(preset)) or describing.load_presets()[0]
        level = cast(Detail, detail) if detail in get_args(Detail) and detail != "auto" else None
        name = str(model or "").strip() or visit.first_model
        return Asked(found, str(prompt or "").strip()[:LONGEST_PROMPT], known_language(answer), name, level)

    async def take_files(
        self, files: list[tuple[str, str]] | None, visit: Visit, language: Language, reference: str
    ) -> AsyncIterator[tuple[Any, ...]]:
        """Read the uploads in; empties the field for the next ones."""
        pictures = [visit.described.add(name, path) for path, name in files or []]
        async for shown in self._read_in(pictures, visit, language, reference):
            yield shown

    async def take_urls(
        self, urls: str, visit: Visit, language: Language, reference: str
    ) -> AsyncIterator[tuple[Any, ...]]:
        """Fetch what is at the URLs, one a line; empties the field."""
        lines = [line.strip() for line in (urls or "").splitlines() if line.strip()]
        pictures = [visit.described.add(name_of_url(line), line, remote=True) for line in lines]
        async for shown in self._read_in(pictures, visit, language, reference):
            yield shown

    async def _read_in(
        self, pictures: Sequence[Picture | None], visit: Visit, language: Language, reference: str
    ) -> AsyncIterator[tuple[Any, ...]]:
        if None in pictures:
            warn(t(language, "describe.too_many", most=number(MOST_PICTURES)))
        yield None, *self.shown(visit, language, reference)
        async with aclosing(describe_run.read_in([picture for picture in pictures if picture])) as steps:
            async for _ in steps:
                yield gr.skip(), *self.view(visit)

    def asking(self, choose: Callable[[Job], list[str]]) -> Callable[..., AsyncGenerator[tuple[Any, ...], None]]:
        """The event that asks the pictures that ``choose`` names, as the form stands now."""

        async def event(visit: Visit, *rest: Any) -> AsyncGenerator[tuple[Any, ...], None]:
            async with aclosing(self._ask(choose(visit.described), visit, *rest)) as steps:
                async for shown in steps:
                    yield shown

        return event

    async def retry(self, event: gr.EventData, visit: Visit, *rest: Any) -> AsyncIterator[tuple[Any, ...]]:
        """Ask one picture once more."""
        key = sent_text(event, "key")
        async with aclosing(self._ask([key], visit, *rest)) as steps:
            async for shown in steps:
                yield shown

    async def _ask(
        self,
        keys: Sequence[str],
        visit: Visit,
        language: Language,
        reference: str,
        dollars: Any,
        pictures: Any,
        *asking: Any,
    ) -> AsyncGenerator[tuple[Any, ...], None]:
        """Ask these; sets progress, gallery and the buttons of ``BUSY``."""
        job, connection = visit.described, visit.connection(self.app)
        await visit.find_first_model(connection)
        asked = self.asked(visit, *asking)
        keys = job.askable(keys)
        # A picture that is asked again was counted before.
        others = len(job.charged.difference(keys))
        budget = limits.budget(dollars, pictures, spent=job.ledger.totals().cost, asked=others)
        refusal = "" if job.running or not keys else await self._refusal(keys, job, asked, budget, connection, language)
        # Meanwhile one may have been taken away, or another event have begun.
        keys = job.askable(keys)
        if job.running or not keys or refusal:
            if refusal:
                warn(refusal)
            yield *self.shown(visit, language, reference), *UNMOVED
            return
        # Not before it is sure that they are asked: one that was described would seem not to be.
        job.wait_again(keys)
        asking_now = describe_run.ask(
            job, keys, asked, budget, connection, reference, visit.ledger, self.settings.clocks, visit.keep
        )
        job.language, job.reference = language, reference
        buttons: tuple[Any, ...] = BUSY
        async with aclosing(asking_now) as steps:
            async for _ in steps:
                yield *self.view(visit), *buttons
                buttons = UNMOVED
        yield *self.view(visit), *UNMOVED

    async def _refusal(
        self, keys: Sequence[str], job: Job, asked: Asked, budget: Budget, connection: Connection, language: Language
    ) -> str:
        """Why nothing is begun; empty where all is in order."""
        if not asked.prompt:
            return t(language, "describe.no_prompt")
        if budget.dollars is None and budget.items is None:
            return t(language, "describe.no_limit")
        if budget.items is not None or connection.free:
            return ""
        pictures = [job.pictures[key] for key in keys]
        counted, _ = await asyncio.to_thread(forecast, pictures, asked, connection, "")
        return t(language, "describe.limit_unpriced") if counted.cost is None else ""

    async def stop(self, visit: Visit) -> None:
        """End what is running; its last drawing tells how far it came."""
        if visit.described.stop is not None:
            visit.described.stop.set()

    def write(self, event: gr.EventData, visit: Visit) -> None:
        """Keep an edited description."""
        visit.described.write(sent_text(event, "key"), sent_text(event, "text"))

    def remove(self, event: gr.EventData, visit: Visit) -> tuple[str, str]:
        """Take one picture away."""
        visit.described.remove(sent_text(event, "key"))
        return self.view(visit)

    def clear(self, visit: Visit) -> tuple[str, str]:
        """Take all pictures away; what they cost stays in the ledger of the visit."""
        visit.described.clear()
        return self.view(visit)

    async def to_chat(
        self, event: gr.EventData, history: list[GradioMessage], visit: Visit, language: Language
    ) -> tuple[Any, ...]:
        """Put a picture and its description into the conversation, as a turn like any other.

        Sets the transcript, the first screen and the tab.
        """
        picture = visit.described.pictures.get(sent_text(event, "key"))
        if picture is None or picture.asked is None or not picture.described:
            return gr.skip(), gr.skip(), gr.skip()
        if visit.busy:
            warn(t(language, "describe.chat_busy"))
            return gr.skip(), gr.skip(), gr.skip()
        visit.described.write(picture.key, sent_text(event, "text"))
        question: GradioMessage = {
            "role": "user",
            "content": [
                {"path": picture.path, "alt_text": picture.name},
                {"type": "text", "text": picture.asked.prompt},
            ],
        }
        longer = [*history, question, transcript.text_message(picture.text)]
        await visit.remember(longer)
        return longer, gr.update(visible=False), gr.update(selected="chat")

    def export(self, form: exports.Format, visit: Visit, language: Language) -> Any:
        """Set the file of the hidden download button."""
        data = exports.exported(visit.described.pictures.values(), form, language)
        return gr.update(value=keep_file(data, f"descriptions.{form}"))
