"""A page without a browser: does over HTTP what Gradio's page does when somebody sends a message.

It reads the page's own wiring from ``/config`` and follows it, for any Gradio app: the event that ``submit`` of the
message box sets off, the events after it, and those that a changed value sets off. Queued ones are asked for by
``queue/join`` and answered on the session's one event stream, which is opened when something is awaited; the others go
by ``run``. Component values, the whole transcript among them, travel to the server and back as they do from a page.
"""

import asyncio
import json
import secrets
import time
from dataclasses import dataclass, field
from typing import Any

import httpx2

from benchmarks.script import FIRST_WORD, LAST_WORD

Config = dict[str, Any]
Event = dict[str, Any]


class EventFailed(RuntimeError):
    """The app answered an event with an error."""


@dataclass(slots=True)
class Seen:
    """When a message was sent and its answer came (``time.perf_counter``); None: not yet."""

    sent: float
    first: float | None = None
    last: float | None = None


@dataclass
class Visitor:
    """One session of one app. ``config``: what its ``/config`` gave, which may be shared; see ``read_config``."""

    http: httpx2.AsyncClient
    url: str
    config: Config
    seen: Seen = field(default_factory=lambda: Seen(time.perf_counter()))

    def __post_init__(self) -> None:
        self._session = secrets.token_hex(6)
        self._events: list[Event] = self.config["dependencies"]
        parts = self.config["components"]
        self._values: dict[int, Any] = {part["id"]: part["props"].get("value") for part in parts}
        self._states = {part["id"] for part in parts if part["type"] == "state"}
        boxes = [part for part in parts if self._triggered(part["id"], "submit")]
        # Other fields of a page may submit as well, but only ChatInterface's own box is a plain one.
        self._box = next((part for part in boxes if part["type"] == "multimodaltextbox"), boxes[0])
        self._results: dict[str, asyncio.Future[dict[str, Any]]] = {}
        self._reader: asyncio.Task[None] | None = None

    async def load(self) -> None:
        """What the page asks for when it has opened."""
        page = [event for event in self._events if any(name == "load" for _, name in event["targets"])]
        await asyncio.gather(*map(self._run, page))

    async def send(self, text: str) -> Seen:
        """Send a message; returns when all events that this set off have ended. ``seen`` tells how far it got."""
        box = self._box["id"]
        self._values[box] = {"text": text, "files": []} if self._box["type"] == "multimodaltextbox" else text
        self.seen = Seen(time.perf_counter())
        await asyncio.gather(*map(self._run, self._triggered(box, "submit")))
        return self.seen

    def close(self) -> None:
        """Leave, as when the tab is closed."""
        if self._reader:
            self._reader.cancel()

    def _triggered(self, component: int, name: str) -> list[Event]:
        return [event for event in self._events if [component, name] in map(list, event["targets"])]

    async def _run(self, event: Event) -> None:
        """One event and all that follow from it. What an event does in the browser alone is passed over."""
        following = [other for other in self._events if other["trigger_after"] == event["id"]]
        if event["backend_fn"]:
            output = await (self._queued(event) if event["queue"] else self._direct(event))
            following += self._changed(event, output)
        await asyncio.gather(*map(self._run, following))

    def _changed(self, event: Event, output: dict[str, Any]) -> list[Event]:
        """Take over the values that an event gave; returns the events that listen to those that are new."""
        changed = set(output.get("changed_state_ids") or ())
        for component, value in zip(event["outputs"], output.get("data") or (), strict=False):
            if component in self._states:
                continue
            if isinstance(value, dict) and value.get("__type__") == "update":
                value = value.get("value", self._values[component]) if "value" in value else self._values[component]
            if value != self._values[component]:
                self._values[component] = value
                changed.add(component)
        return [listener for component in changed for listener in self._triggered(component, "change")]

    def _body(self, event: Event) -> dict[str, Any]:
        data = [None if component in self._states else self._values[component] for component in event["inputs"]]
        trigger = event["targets"][0][0]
        return {"data": data, "fn_index": event["id"], "session_hash": self._session, "trigger_id": trigger}

    async def _direct(self, event: Event) -> dict[str, Any]:
        response = await self.http.post(f"{self.url}/gradio_api/run/predict", json=self._body(event))
        if response.status_code != 200:
            raise EventFailed(response.text)
        output: dict[str, Any] = response.json()
        return output

    async def _queued(self, event: Event) -> dict[str, Any]:
        response = await self.http.post(f"{self.url}/gradio_api/queue/join", json=self._body(event))
        if response.status_code != 200:
            raise EventFailed(response.text)
        result = self._result(response.json()["event_id"])
        if self._reader is None or self._reader.done():
            self._reader = asyncio.create_task(self._read())
        return await result

    def _result(self, event_id: str) -> asyncio.Future[dict[str, Any]]:
        """Where the end of an event goes; it may come before the answer that names the event."""
        return self._results.setdefault(event_id, asyncio.get_running_loop().create_future())

    async def _read(self) -> None:
        """Read the session's stream, and open it anew if the server closed it just when something was asked."""
        try:
            while any(not result.done() for result in self._results.values()):
                request = self.http.stream(
                    "GET", f"{self.url}/gradio_api/queue/data", params={"session_hash": self._session}
                )
                async with request as response:
                    async for line in response.aiter_lines():
                        if line.startswith("data: "):
                            self._take(line)
        except httpx2.TransportError as error:
            for result in self._results.values():
                if not result.done():
                    result.set_exception(error)

    def _take(self, line: str) -> None:
        now = time.perf_counter()
        if self.seen.first is None and FIRST_WORD in line:
            self.seen.first = now
        if self.seen.last is None and LAST_WORD in line:
            self.seen.last = now
        message = json.loads(line.removeprefix("data: "))
        if message["msg"] != "process_completed":
            return
        result = self._result(message["event_id"])
        if not message["success"]:
            result.set_exception(EventFailed(json.dumps(message["output"])))
        elif not result.done():
            result.set_result(message["output"])


async def read_config(http: httpx2.AsyncClient, url: str) -> Config:
    """The components and events of an app."""
    config: Config = (await http.get(f"{url}/config")).json()
    return config
