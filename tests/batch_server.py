"""A server with ``/files`` and ``/batches``, as a script of ``ScriptedServer``: batches move on at each look at them.

    batches = BatchServer()
    with ScriptedServer(batches) as server: ...

Its answers are built with the SDK's own types. ``outcomes`` says of a row's ``custom_id`` how it ends; every other row
is answered with what was asked.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from openai.types import Batch, FileObject

from tests import scripted_server as play
from tests.scripted_server import Exchange, Script

USAGE = {
    "prompt_tokens": 1000,
    "completion_tokens": 100,
    "total_tokens": 1100,
    "prompt_tokens_details": {"cached_tokens": 0},
    "completion_tokens_details": {"reasoning_tokens": 40},
}
REFUSED = {
    "message": "Invalid schema for response_format.",
    "type": "invalid_request_error",
    "param": None,
    "code": None,
}


def completion(text: str, *, finish: str = "stop", usage: dict[str, Any] | None = USAGE) -> dict[str, Any]:
    message = {"role": "assistant", "content": text, "refusal": None}
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": finish}
    head = {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "gpt-4o-mini-2024-07-18"}
    return head | {"choices": [choice], "usage": usage}


def response(status: int, body: dict[str, Any] | None) -> dict[str, Any]:
    return {"status_code": status, "request_id": "req_1", "body": body}


def result(key: str, answered: dict[str, Any] | None, error: object = None) -> dict[str, Any]:
    """A line of an output or error file, as OpenAI writes it."""
    return {"id": f"batch_req_{key}", "custom_id": key, "response": answered, "error": error}


def unrun(key: str, code: str) -> dict[str, Any]:
    return result(key, None, {"code": code, "message": "This request could not be executed in time."})


@dataclass
class BatchServer:
    """``looks``: the statuses that a batch goes through, one at each look.  ``replies``: scripts for single paths
    ("POST /v1/batches"), used up one after the other.  ``lost``: the answer to the beginning of a batch is.
    ``garbled``: it comes as this instead.  ``answer``: what is answered to the last message of a request."""

    outcomes: dict[str, str] = field(default_factory=dict)
    looks: tuple[str, ...] = ("validating", "in_progress", "in_progress", "finalizing", "completed")
    replies: dict[str, list[Script]] = field(default_factory=dict)
    lost: bool = False
    garbled: Script | None = None
    answer: Callable[[Any], str] = "You said: {}".format
    files: dict[str, bytes] = field(default_factory=dict)
    batches: dict[str, Batch] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    seen: int = 0

    async def __call__(self, exchange: Exchange) -> None:
        path = exchange.path.split("?")[0]
        self.asked.append(f"{exchange.method} {path}")
        if waiting := self.replies.get(f"{exchange.method} {path}"):
            await waiting.pop(0)(exchange)
            return
        match exchange.method, path.removeprefix("/v1/").split("/"):
            case "POST", ["files"]:
                await play.reply(200, self._upload(exchange))(exchange)
            case "DELETE", ["files", name]:
                del self.files[name]
                await play.reply(200, {"id": name, "object": "file", "deleted": True})(exchange)
            case "GET", ["files", name, "content"] if name in self.files:
                await play.reply(200, self.files[name], "application/octet-stream")(exchange)
            case "POST", ["batches"]:
                begun = self._begin(exchange.body)
                if self.lost:
                    exchange.cut()
                    return
                await (self.garbled or play.reply(200, begun))(exchange)
            case "GET", ["batches"]:
                listed = [batch.to_dict() for batch in self.batches.values()]
                await play.reply(200, {"object": "list", "data": listed, "has_more": False})(exchange)
            case "GET", ["batches", name] if name in self.batches:
                await play.reply(200, self._look(name))(exchange)
            case "POST", ["batches", name, "cancel"] if name in self.batches:
                self.looks, self.seen = ("cancelling", "cancelled"), 0
                await play.reply(200, self._look(name))(exchange)
            case _:
                await play.error(404, f"No batch found with id '{path}'.")(exchange)

    def _upload(self, exchange: Exchange) -> dict[str, Any]:
        boundary = re.search("boundary=(.+)", exchange.headers["content-type"])
        assert boundary
        parts = [part.split(b"\r\n\r\n", 1) for part in exchange.raw.split(b"--" + boundary[1].encode())[1:-1]]
        # The SDK names every part, and sends a purpose that the API knows.
        fields = {re.search(rb'name="(\w+)"', head)[1].decode(): data[:-2] for head, data in parts}
        name = f"file-{len(self.files)}"
        self.files[name] = fields["file"]
        told = FileObject(
            id=name,
            bytes=len(fields["file"]),
            created_at=1,
            filename="batch.jsonl",
            object="file",
            purpose=fields["purpose"].decode(),
            status="processed",
        )
        return told.to_dict()

    def _begin(self, asked: dict[str, Any]) -> dict[str, Any]:
        assert asked["input_file_id"] in self.files
        name = f"batch_{len(self.batches)}"
        self.batches[name] = Batch(
            id=name, object="batch", status="validating", created_at=1_700_000_000, expires_at=1_700_086_400, **asked
        )
        return self.batches[name].to_dict()

    def _look(self, name: str) -> dict[str, Any]:
        batch = self.batches[name].to_dict()
        status = self.looks[min(self.seen, len(self.looks) - 1)]
        self.seen += 1
        lines = [json.loads(line) for line in self.files[self.batches[name].input_file_id].splitlines()]
        batch |= {"status": status, "request_counts": {"total": len(lines), "completed": 0, "failed": 0}}
        if status in ("completed", "expired", "cancelled"):
            batch |= self._results(lines)
        self.batches[name] = Batch.model_validate(batch, strict=True)
        return batch

    def _results(self, lines: list[dict[str, Any]]) -> dict[str, Any]:
        """The files of an ended batch, in an order of their own, and how many rows of each kind there are."""
        done, failed = [], []
        for line in reversed(lines):
            key, outcome = line["custom_id"], self.outcomes.get(line["custom_id"], "answered")
            if outcome == "answered":
                asked = line["body"]["messages"][-1]["content"]
                done.append(result(key, response(200, completion(self.answer(asked)))))
            elif outcome == "refused":
                failed.append(result(key, response(400, {"error": REFUSED})))
            elif outcome != "missing":
                failed.append(unrun(key, f"batch_{outcome}"))
        counts = {"total": len(lines), "completed": len(done), "failed": len(lines) - len(done)}
        ids = {}
        for kind, results in (("output", done), ("error", failed)):
            if results:
                ids[f"{kind}_file_id"] = f"file-{kind}"
                self.files[f"file-{kind}"] = b"".join(json.dumps(entry).encode() + b"\n" for entry in results)
        return ids | {"request_counts": counts}
