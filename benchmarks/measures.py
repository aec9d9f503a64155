"""The measurements. Each asks one app one thing; whoever calls them takes the apps in turns."""

import asyncio
import secrets
import time
from dataclasses import dataclass

import httpx2
from playwright.async_api import Browser

from benchmarks import browser as chromium
from benchmarks.processes import Program
from benchmarks.script import FIRST_WORD, LAST_WORD, MODEL, Asked
from benchmarks.visitor import Config, Seen, Visitor, read_config


@dataclass(frozen=True, slots=True)
class Lateness:
    """How far the page lags: from Enter to the first word on screen, and from the last word sent to its being there.

    In seconds; None: it was not there when the time was up.
    """

    first: float | None
    last: float | None


@dataclass(frozen=True, slots=True)
class Crowd:
    """Many chats at once. ``last``: seconds until the last of those that ended; None: none did.

    ``first_95``: seconds until 95 of 100 had their first word; None: they never had.
    """

    chats: int
    finished: int
    last: float | None
    first_95: float | None


class Bench:
    """One app under measurement. ``upstream``: knows when its words were written.  ``box``: selects the message box."""

    def __init__(self, http: httpx2.AsyncClient, app: Program, upstream: Program, box: str, config: Config) -> None:
        self.http = http
        self.app = app
        self.upstream = upstream
        self.box = box
        self.config = config

    @classmethod
    async def of(cls, http: httpx2.AsyncClient, app: Program, upstream: Program, box: str) -> "Bench":
        """Read the app's wiring and let it answer once, so that nothing is measured that happens once only."""
        bench = cls(http, app, upstream, box, await read_config(http, app.url))
        await bench._turn(_asked(10, 0))
        return bench

    async def first_token(self) -> float:
        """Seconds that the app adds until the first word: those from sending to receiving, less the upstream's own."""
        asked = _asked(10, 50)
        seen = await self._turn(asked)
        times = await self._times(asked)
        return _known(seen.first) - seen.sent - (times["first"] - times["asked"])

    async def full_speed(self, words: int) -> float:
        """Words a second from sending the question to receiving the last word of an unpaced answer."""
        seen = await self._turn(_asked(words, 0))
        return words / (_known(seen.last) - seen.sent)

    async def cpu(self, words: int, rate: int) -> float | None:
        """Processor seconds of the app for 1,000 words, from a turn of ``words`` at ``rate`` a second, whole."""
        before = self.app.cpu_seconds()
        await self._turn(_asked(words, rate))
        after = self.app.cpu_seconds()
        return None if before is None or after is None else (after - before) * 1000 / words

    async def crowd(self, chats: int, words: int, rate: int, seconds: float) -> Crowd:
        """Many visitors who ask at the same moment; whoever has no whole answer after ``seconds`` goes home."""
        visitors = [await self._visitor() for _ in range(chats)]
        start = time.perf_counter()
        sending = [asyncio.create_task(visitor.send(_asked(words, rate).question)) for visitor in visitors]
        done, late = await asyncio.wait(sending, timeout=seconds)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
        for visitor in visitors:
            visitor.close()
        for task in done:
            task.result()
        firsts = sorted(visitor.seen.first - start for visitor in visitors if visitor.seen.first)
        lasts = [visitor.seen.last - start for visitor in visitors if visitor.seen.last]
        place = -(-95 * chats // 100) - 1
        return Crowd(chats, len(lasts), max(lasts, default=None), firsts[place] if place < len(firsts) else None)

    async def lateness(self, browser: Browser, messages: int, words: int, rate: int, seconds: float) -> Lateness:
        """A turn in Chromium, in a transcript of ``messages``; the last word is given up ``seconds`` after its time."""
        asked = _asked(words, rate)
        painted = await chromium.turn(browser, self.app.url, self.box, asked.question, messages, words / rate + seconds)
        sent = (await self._times(asked)).get("last")
        return Lateness(
            painted.first - painted.enter if painted.first else None,
            painted.last - sent if painted.last and sent else None,
        )

    async def _visitor(self) -> Visitor:
        visitor = Visitor(self.http, self.app.url, self.config)
        await visitor.load()
        return visitor

    async def _turn(self, asked: Asked) -> Seen:
        visitor = await self._visitor()
        try:
            return await visitor.send(asked.question)
        finally:
            visitor.close()

    async def _times(self, asked: Asked) -> dict[str, float]:
        times: dict[str, float] = (await self.http.get(f"{self.upstream.url}/runs/{asked.run}")).json()
        return times


async def bare(http: httpx2.AsyncClient, upstream: Program, words: int, rate: int) -> Seen:
    """The upstream read without any app: what the machine and this program's own reading allow at best."""
    body = {"model": MODEL, "stream": True, "messages": [{"role": "user", "content": _asked(words, rate).question}]}
    seen = Seen(time.perf_counter())
    async with http.stream("POST", f"{upstream.url}/v1/chat/completions", json=body) as response:
        async for text in response.aiter_text():
            if seen.first is None and FIRST_WORD in text:
                seen.first = time.perf_counter()
            if LAST_WORD in text:
                seen.last = time.perf_counter()
    return seen


def _asked(words: int, rate: int) -> Asked:
    return Asked(words, rate, secrets.token_hex(8))


def _known(moment: float | None) -> float:
    """A moment that must have been; an answer that ended without its words is no measurement."""
    if moment is None:
        raise RuntimeError("An answer ended without its words: the app must have failed.")
    return moment
