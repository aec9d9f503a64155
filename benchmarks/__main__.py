"""``make bench``: Vitrine and a plain ``gr.ChatInterface`` measured in one run, in turns, and a table of both.

Both apps answer from the same scripted upstream. Every program has a process of its own, and a fresh one for each
length of history.

- *First token*, *tokens a second*, *CPU* and *chats at once* are measured at the protocol, by a client that follows the
  page's own wiring (``visitor.py``): all events of a turn run as a page would run them, but nothing is painted.
- *Painted* is measured in Chromium: from Enter to the first word on screen, and from the moment when the upstream wrote
  its last word to that word on screen. Browser, app and upstream share the machine.
- *Upstream alone* is the same client without an app: the floor of what can be measured.

Seconds differ from machine to machine, and a busy one spoils them. The two columns of one run can be compared.
"""

import argparse
import asyncio
import os
import platform
import signal
import statistics
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import gradio
import httpx2
from playwright.async_api import Browser

from benchmarks.browser import chromium
from benchmarks.measures import Bench, Crowd, Lateness, bare
from benchmarks.processes import Program, StartFailed, free_port, running
from benchmarks.script import MODEL

# Name of the column -> module, and the selector of its message box.
_APPS = {
    "plain": ("benchmarks.plain_app", "[data-testid=textbox]"),
    "Vitrine": ("benchmarks.vitrine_app", "#message-box textarea"),
}
_LONG_HISTORY = 400
_PAGE_HISTORY = 120
_CPU_RATE = 100
_PAGE_WORDS, _PAGE_RATE = 300, 50
_CHATS = 50


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured. ``*_seconds``: how long the last words are waited for."""

    first_tokens: int
    full_speeds: int
    full_speed_words: int
    cpu_words: int
    crowd_seconds: float
    paints: int
    paint_seconds: float


WHOLE = Plan(21, 3, 3000, 500, 45.0, 2, 45.0)
QUICK = Plan(7, 1, 2000, 100, 10.0, 1, 6.0)

Row = tuple[str, str, str, str]


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print. Exit code 1: a program did not start; 130: interrupted."""
    parser = argparse.ArgumentParser(prog="benchmarks", description="Vitrine beside a plain gr.ChatInterface.")
    parser.add_argument("--quick", action="store_true", help="a rough look in about a minute")
    quick = parser.parse_args(arguments).quick
    try:
        asyncio.run(_run(QUICK if quick else WHOLE))
    except StartFailed as error:
        print(error, file=sys.stderr)
        return 1
    except (KeyboardInterrupt, asyncio.CancelledError):
        return 130
    print(f"\nOnce more: make bench{' ARGS=--quick' if quick else ''}  (python -m benchmarks{' --quick' * quick})")
    return 0


async def _run(plan: Plan) -> None:
    task = asyncio.current_task()
    if task and sys.platform != "win32":
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    began = time.monotonic()
    limits = httpx2.Limits(max_connections=None, max_keepalive_connections=None)
    port = free_port()
    async with (
        chromium() as browser,
        httpx2.AsyncClient(trust_env=False, timeout=None, limits=limits) as http,
        running("benchmarks.upstream", str(port), port=port) as upstream,
    ):
        await upstream.ready()
        rows = await _protocol_rows(plan, http, upstream)
        rows += await _page_rows(plan, http, upstream, browser)
        version = f"Chromium {browser.version}" if browser else "no Chromium"
    print(
        f"\n{os.cpu_count()} cores ({platform.machine()} {platform.system()}), Python {platform.python_version()}, "
        f"Gradio {gradio.__version__}, {version}; {time.monotonic() - began:.0f} s\n"
    )
    _print_table([_row("", "upstream alone", {name: name for name in _APPS}), *rows])


async def _protocol_rows(plan: Plan, http: httpx2.AsyncClient, upstream: Program) -> list[Row]:
    async with _apps(http, upstream, 0) as apps:
        _say("first token")
        firsts: dict[str, list[float]] = {name: [] for name in apps}
        floor = []
        for _ in range(plan.first_tokens):
            floor.append(await _bare_first_token(http, upstream))
            for name, app in apps.items():
                firsts[name].append(await app.first_token())
        _say("full speed")
        speeds: dict[str, list[float]] = {name: [] for name in apps}
        ceiling = []
        for _ in range(plan.full_speeds):
            ceiling.append(await _bare_speed(http, upstream, plan.full_speed_words))
            for name, app in apps.items():
                speeds[name].append(await app.full_speed(plan.full_speed_words))
        cpu = await _cpu_row(plan, apps, 0)
        _say("many chats")
        crowds = {
            name: await app.crowd(_CHATS, _PAGE_WORDS, _PAGE_RATE, plan.crowd_seconds) for name, app in apps.items()
        }
    async with _apps(http, upstream, _LONG_HISTORY) as apps:
        long_cpu = await _cpu_row(plan, apps, _LONG_HISTORY)
    return [
        _row(
            f"first token, added by the app (ms, median of {plan.first_tokens})",
            f"{statistics.median(floor) * 1000:.1f}",
            {name: f"{statistics.median(values) * 1000:.1f}" for name, values in firsts.items()},
        ),
        _row(
            f"tokens a second, {plan.full_speed_words:,} at full speed (median of {plan.full_speeds})",
            f"{statistics.median(ceiling):,.0f}",
            {name: f"{statistics.median(values):,.0f}" for name, values in speeds.items()},
        ),
        cpu,
        long_cpu,
        _row(
            f"{_CHATS} chats at once, {_PAGE_WORDS} tokens at {_PAGE_RATE}/s: whole answers",
            "",
            {name: _finished(crowd, plan.crowd_seconds) for name, crowd in crowds.items()},
        ),
        _row(
            "  until the last of them ended (s)",
            f"{_PAGE_WORDS / _PAGE_RATE:.1f}",
            {name: _seconds(crowd.last) for name, crowd in crowds.items()},
        ),
        _row(
            "  until 95 % had their first token (s)",
            "",
            {name: _seconds(crowd.first_95, plan.crowd_seconds) for name, crowd in crowds.items()},
        ),
    ]


async def _cpu_row(plan: Plan, apps: dict[str, Bench], history: int) -> Row:
    _say(f"CPU, {history} messages")
    used = {name: await app.cpu(plan.cpu_words, _CPU_RATE) for name, app in apps.items()}
    cells = {name: "needs /proc" if value is None else f"{value:.2f}" for name, value in used.items()}
    return _row(f"CPU s per 1,000 tokens at {_CPU_RATE}/s, {history} messages before", "", cells)


async def _page_rows(plan: Plan, http: httpx2.AsyncClient, upstream: Program, browser: Browser | None) -> list[Row]:
    label = f"{_PAGE_HISTORY // 2} turns before, {_PAGE_WORDS} tokens at {_PAGE_RATE}/s"
    if browser is None:
        return [_row("painted: left out, no Chromium found", "", {})]
    seen: dict[str, list[Lateness]] = {name: [] for name in _APPS}
    async with _apps(http, upstream, _PAGE_HISTORY) as apps:
        for number in range(plan.paints):
            _say(f"Chromium, {number + 1} of {plan.paints}")
            for name, app in apps.items():
                late = await app.lateness(browser, _PAGE_HISTORY, _PAGE_WORDS, _PAGE_RATE, plan.paint_seconds)
                seen[name].append(late)
    cap = plan.paint_seconds
    return [
        _row(f"painted, {label}:", "", {}),
        _row(
            "  first word after Enter (s)",
            "",
            {name: _each([late.first for late in all_late], cap) for name, all_late in seen.items()},
        ),
        _row(
            "  last word after the upstream's (s)",
            "",
            {name: _each([late.last for late in all_late], cap) for name, all_late in seen.items()},
        ),
    ]


@asynccontextmanager
async def _apps(http: httpx2.AsyncClient, upstream: Program, messages: int) -> AsyncIterator[dict[str, Bench]]:
    """Both apps, ready to answer, with this many messages in the transcript."""
    _say(f"starting with {messages} messages")
    async with AsyncExitStack() as stack:
        programs = {}
        for name, (module, _) in _APPS.items():
            port = free_port()
            programs[name] = await stack.enter_async_context(
                running(
                    module,
                    str(messages),
                    port=port,
                    GRADIO_SERVER_PORT=str(port),
                    OPENAI_API_KEY="benchmark",
                    OPENAI_BASE_URL=f"{upstream.url}/v1",
                    OPENAI_MODEL=MODEL,
                )
            )
        for program in programs.values():
            await program.ready()
        yield {name: await Bench.of(http, program, upstream, _APPS[name][1]) for name, program in programs.items()}


async def _bare_first_token(http: httpx2.AsyncClient, upstream: Program) -> float:
    seen = await bare(http, upstream, 10, 50)
    return (seen.first or float("nan")) - seen.sent


async def _bare_speed(http: httpx2.AsyncClient, upstream: Program, words: int) -> float:
    seen = await bare(http, upstream, words, 0)
    return words / ((seen.last or float("nan")) - seen.sent)


def _row(label: str, floor: str, cells: dict[str, str]) -> Row:
    return label, floor, cells.get("plain", ""), cells.get("Vitrine", "")


def _finished(crowd: Crowd, seconds: float) -> str:
    if crowd.finished == crowd.chats:
        return f"all {crowd.chats}"
    return f"{crowd.finished} in {seconds:.0f} s"


def _seconds(value: float | None, limit: float | None = None) -> str:
    if value is None:
        return "–" if limit is None else f"> {limit:.0f}"
    return f"{value:.2f}"


def _each(values: list[float | None], limit: float) -> str:
    return ", ".join(_seconds(value, limit) for value in values)


def _say(what: str) -> None:
    """What is going on, for those who wait; not part of the result."""
    print(f"... {what}", file=sys.stderr, flush=True)


def _print_table(rows: list[Row]) -> None:
    widths = [max(len(row[place]) for row in rows) for place in range(4)]
    for label, *cells in rows:
        print(
            "  ".join(
                [label.ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(cells, widths[1:], strict=True))]
            ).rstrip()
        )


if __name__ == "__main__":
    sys.exit(main())
