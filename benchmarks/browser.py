"""One turn in a real Chromium: when the first and the last word of an answer are painted.

The page stamps them by the machine's clock, the one that the upstream notes its own times by.
"""

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from playwright.async_api import Browser, async_playwright
from playwright.async_api import TimeoutError as PlaywrightTimeoutError

from benchmarks.script import FIRST_WORD, LAST_WORD

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_PLACES = (
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)
_ARGUMENTS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]

# A change of the page asks for a look in the next frame; what is found there is painted with that frame, and a message
# to ourselves is delivered after it. Only the last parts are looked at: the answer may have footnotes after it.
_WATCH = """([words, parts]) => {
  const seen = (window.benchmarkSeen = {});
  const stamp = (name) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => (seen[name] ??= Date.now() / 1000);
    port2.postMessage(null);
  };
  let asked = false;
  const look = () => {
    asked = false;
    const last = [...document.querySelectorAll('[data-testid="bot"]')].slice(-parts);
    const text = last.map((part) => part.textContent).join(" ");
    for (const word of words) if (!(word in seen) && text.includes(word)) stamp(word);
  };
  new MutationObserver(() => {
    if (!asked) requestAnimationFrame(look);
    asked = true;
  }).observe(document.body, { childList: true, characterData: true, subtree: true });
  addEventListener("keydown", ({ key }) => { if (key === "Enter") seen.enter ??= Date.now() / 1000; }, true);
}"""
_PARTS_LOOKED_AT = 4
_SETTLE_SECONDS = 2.0
_POLL_MILLISECONDS = 200


@dataclass(frozen=True, slots=True)
class Painted:
    """Seconds since 1970 at which Enter was pressed and words were on screen; None: not within the time given."""

    enter: float
    first: float | None
    last: float | None


def find_chromium(bundled: str) -> str | None:
    """The browser named by ``VITRINE_BROWSER``, one that is on the machine, or the one that Playwright installed."""
    if chosen := os.environ.get("VITRINE_BROWSER"):
        return shutil.which(chosen)
    found = [path for name in _NAMES if (path := shutil.which(name))]
    return next(iter(found + [place for place in (*_PLACES, bundled) if Path(place).is_file()]), None)


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser | None]:
    """A headless Chromium; None where there is none."""
    async with async_playwright() as playwright:
        path = find_chromium(playwright.chromium.executable_path)
        if path is None:
            yield None
            return
        # The handling of signals is left to this program, which closes the browser itself.
        browser = await playwright.chromium.launch(
            executable_path=path, args=_ARGUMENTS, handle_sigint=False, handle_sigterm=False
        )
        try:
            yield browser
        finally:
            await browser.close()


async def turn(browser: Browser, url: str, box: str, question: str, messages: int, seconds: float) -> Painted:
    """Ask a question in a fresh page.

    ``box``: selects the message box.  ``messages``: how many there are in the transcript.  ``seconds``: how long the
    last word is waited for at most.
    """
    page = await browser.new_page(viewport={"width": 1440, "height": 900}, locale="en-US")
    try:
        await page.goto(url)
        if messages:
            await page.locator('[data-testid="bot"]').nth(messages // 2 - 1).wait_for(timeout=60_000)
        await page.locator(box).fill(question)
        await page.wait_for_timeout(_SETTLE_SECONDS * 1000)
        await page.evaluate(_WATCH, [[FIRST_WORD, LAST_WORD], _PARTS_LOOKED_AT])
        await page.locator(box).press("Enter")
        with suppress(PlaywrightTimeoutError):
            await page.wait_for_function(
                "(word) => word in window.benchmarkSeen",
                arg=LAST_WORD,
                polling=_POLL_MILLISECONDS,
                timeout=seconds * 1000,
            )
        seen: dict[str, float] = await page.evaluate("window.benchmarkSeen")
        return Painted(seen["enter"], seen.get(FIRST_WORD), seen.get(LAST_WORD))
    finally:
        await page.close()
