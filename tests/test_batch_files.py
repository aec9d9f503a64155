"""Batch files: every line is a request that the SDK's types know, and every kind of answer is read back in order."""

import json
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from openai.types.chat.completion_create_params import CompletionCreateParamsNonStreaming
from pydantic import TypeAdapter

from chat_core import (
    ChatRequest,
    Connection,
    JsonObject,
    JsonSchema,
    Options,
    RemoteImage,
    TextFile,
    TextPart,
    assistant,
    batch_files,
    load_image,
    user,
)
from chat_core.batch import Item
from chat_core.batch_files import Answers, BatchResult, BrokenLine, line, read, write
from chat_core.errors import BatchFileError, ChatError, FileError
from chat_core.messages import Message
from tests.batch_server import REFUSED, completion, response, result, unrun

ROOT = Path(__file__).resolve().parent.parent
MODEL = "gpt-4o-mini"
OPENAI = Connection("openai", "https://api.openai.com/v1", "sk-test-1234567890abcdef")
LOCAL = Connection("local", "http://127.0.0.1:8000/v1", "not-needed")
SCHEMA = {
    "type": "object",
    "properties": {"name": {"type": "string"}},
    "required": ["name"],
    "additionalProperties": False,
}
PARAMS: TypeAdapter[Any] = TypeAdapter(CompletionCreateParamsNonStreaming)


def asking(text: str = "Hello", **other: Any) -> ChatRequest:
    return ChatRequest(MODEL, (user(text),), **other)


def picture() -> Message:
    path = next((ROOT / "assets").rglob("*.png"))
    return user(TextPart("What is this?"), load_image(path.read_bytes(), name="a.png"))


ALL_OPTIONS = Options(
    temperature=0.5,
    top_p=0.9,
    n=2,
    stop=("END",),
    max_completion_tokens=100,
    presence_penalty=0.1,
    frequency_penalty=-0.1,
    logprobs=True,
    top_logprobs=3,
    logit_bias={"50256": -100},
    seed=1,
)
REQUESTS = {
    "plain": asking(),
    "streamed": asking(stream=True),
    "persona": asking(persona="You are terse."),
    "korean": asking("아버지가 방에 들어가신다. 👨‍👩‍👧"),
    "line ends": asking("one\ntwo\r\nthree\u2028four\x85five\0six"),
    "half a letter": asking("half \ud83d"),
    "history": ChatRequest(MODEL, (user("Hi"), assistant("Hello"), user("And now?"))),
    "options": asking(options=ALL_OPTIONS),
    "effort": replace(asking(options=Options(reasoning_effort="low", verbosity="low")), model="gpt-5.4-mini"),
    "json": asking(response_format=JsonObject()),
    "schema": asking(response_format=JsonSchema("name", SCHEMA)),
    "picture": ChatRequest(MODEL, (picture(),)),
    "url": ChatRequest(MODEL, (user(TextPart("See:"), RemoteImage("https://example.com/a.png", detail="low")),)),
    "text file": ChatRequest(MODEL, (user(TextPart("Sum it up."), TextFile("a.csv", "a,b\n1,2\n")),)),
}


def exhausted(value: object) -> object:
    """Everything in a validated value: pydantic checks what is only iterable when it is iterated."""
    if isinstance(value, dict):
        return {name: exhausted(inner) for name, inner in value.items()}
    return value if isinstance(value, str) or not hasattr(value, "__iter__") else [exhausted(inner) for inner in value]


def items(count: int) -> list[Item]:
    return [Item(f"row-{number}", asking(f"row {number}")) for number in range(count)]


def list_of(folder: Path) -> list[Path]:
    return list(folder.iterdir())


def why(error: BaseException) -> object:
    return error.fields["reason"] if isinstance(error, ChatError) else error


# --- written ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", REQUESTS)
def test_every_line_is_a_request_that_the_sdk_knows(name: str) -> None:
    data = line(name, REQUESTS[name])
    assert data.count(b"\n") == 1
    assert data.endswith(b"\n")
    entry = json.loads(data)
    assert list(entry) == ["custom_id", "method", "url", "body"]
    assert (entry["custom_id"], entry["method"], entry["url"]) == (name, "POST", "/v1/chat/completions")
    assert "stream" not in entry["body"]
    exhausted(PARAMS.validate_python(entry["body"]))


def test_what_validates_can_also_fail() -> None:
    body = json.loads(line("a", asking()))["body"]
    body["messages"][0]["role"] = "nobody"
    with pytest.raises(ValueError, match="role"):
        exhausted(PARAMS.validate_python(body))


async def test_a_file_holds_one_line_for_each_item(tmp_path: Path) -> None:
    file = await write(items(50), tmp_path / "batch.jsonl")
    data = file.path.read_bytes()
    assert (file.model, file.requests, file.size) == (MODEL, 50, len(data))
    assert [json.loads(text)["custom_id"] for text in data.splitlines()] == [f"row-{n}" for n in range(50)]
    assert (file.adjustments, file.left_out) == ((), ())


async def test_what_is_adjusted_and_what_cannot_be_made_is_told(tmp_path: Path) -> None:
    async def gone() -> ChatRequest:
        raise FileError("It is gone.", name="a.txt", reason="not_found")

    async def made() -> ChatRequest:
        return asking("made", response_format=JsonObject())

    file = await write([Item("gone", gone), Item("a", made), Item("b", made)], tmp_path / "batch.jsonl")
    assert file.requests == 2
    assert [adjustment.reason for adjustment in file.adjustments] == ["json_word_added"]
    ((key, error),) = file.left_out
    assert (key, error.kind) == ("gone", "bad_file")


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ([], "empty"),
        (items(4), "too_many"),
        ([*items(1), Item("big", asking("x" * 2000))], "too_large"),
        ([*items(1), Item("other", replace(asking(), model="gpt-4o"))], "several_models"),
        (items(1) + items(1), "same_key"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_what_the_batch_api_does_not_take_is_refused_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: list[Item], reason: str
) -> None:
    # The real limits hold for a file that takes minutes to write.
    assert (batch_files.MOST_REQUESTS, batch_files.LARGEST_FILE) == (50_000, 200_000_000)
    monkeypatch.setattr(batch_files, "MOST_REQUESTS", 3)
    monkeypatch.setattr(batch_files, "LARGEST_FILE", 1500)
    with pytest.raises(BatchFileError) as caught:
        await write(given, tmp_path / "batch.jsonl")
    assert why(caught.value) == reason
    assert list_of(tmp_path) == []


async def test_a_disk_that_refuses_is_told(tmp_path: Path) -> None:
    with pytest.raises(BatchFileError) as caught:
        await write(items(1), tmp_path / "none" / "batch.jsonl")
    assert why(caught.value) == "disk"
    with pytest.raises(BatchFileError) as caught:
        await read([tmp_path / "none.jsonl"], OPENAI)
    assert why(caught.value) == "disk"


# --- read back --------------------------------------------------------------------------------------------------------


def written(path: Path, *lines: object) -> Path:
    texts = [entry if isinstance(entry, bytes) else json.dumps(entry).encode() for entry in lines]
    path.write_bytes(b"".join(text + b"\n" for text in texts))
    return path


async def all_of(answers: Answers, keys: list[str] | None = None) -> list[BatchResult]:
    return [found async for found in answers.results(keys)]


async def one(tmp_path: Path, entry: object, connection: Connection = OPENAI) -> BatchResult:
    answers = await read([written(tmp_path / "output.jsonl", entry)], connection, MODEL)
    (found,) = await all_of(answers, ["a"])
    return found


async def test_answers_come_in_the_order_that_is_asked_for(tmp_path: Path) -> None:
    keys = [f"row-{number}" for number in range(200)]
    done = [result(key, response(200, completion(f"answer {key}"))) for key in reversed(keys) if key != "row-7"]
    output = written(tmp_path / "output.jsonl", *done)
    errors = written(tmp_path / "errors.jsonl", unrun("row-7", "batch_expired"))
    answers = await read([output, errors], OPENAI, MODEL)
    results = await all_of(answers, keys)
    assert [found.key for found in results] == keys
    assert [found.completion.text for found in results if found.completion] == [
        f"answer {key}" for key in keys if key != "row-7"
    ]
    assert results[7].error is not None
    assert results[7].error.kind == "batch_expired"
    assert answers.broken == ()
    assert answers.keys == (*[key for key in reversed(keys) if key != "row-7"], "row-7")
    assert [found.key for found in await all_of(answers)] == list(answers.keys)


async def test_an_answer_is_a_completion_at_half_the_price(tmp_path: Path) -> None:
    found = await one(tmp_path, result("a", response(200, completion("Hello", finish="length"))))
    assert found.completion is not None
    assert (found.completion.text, found.completion.finish_reason) == ("Hello", "length")
    assert found.completion.model == "gpt-4o-mini-2024-07-18"
    assert found.usage is not None
    assert (found.usage.input_tokens, found.usage.output_tokens, found.usage.reasoning_tokens) == (1000, 100, 40)
    # $0.15 and $0.60 per million tokens, halved.
    assert found.cost == (1000 * Decimal("0.15") + 100 * Decimal("0.6")) / 1_000_000 / 2
    assert found.price is not None
    assert found.price.total == found.cost == found.completion.finished.cost
    assert (found.price.source, found.price.discount) == ("provider", "batch")


async def test_where_nobody_is_charged_it_costs_nothing(tmp_path: Path) -> None:
    found = await one(tmp_path, result("a", response(200, completion("Hello"))), LOCAL)
    assert (found.cost, found.price) == (Decimal(0), None)


async def test_without_usage_the_cost_is_unknown(tmp_path: Path) -> None:
    found = await one(tmp_path, result("a", response(200, completion("Hello", usage=None))))
    assert found.completion is not None
    assert (found.usage, found.price, found.cost) == (None, None, None)


async def test_an_empty_answer_is_an_error_that_was_paid_for(tmp_path: Path) -> None:
    found = await one(tmp_path, result("a", response(200, completion(""))))
    assert found.error is not None
    assert found.error.kind == "empty_answer"
    assert found.cost is not None
    assert found.cost > 0


# OpenAI's lines, and those of ``vllm run-batch``, whose errors stand in one place for all failures.
VLLM_ERROR = {"object": "error", "message": "The model `x` does not exist.", "type": "NotFoundError", "code": 404}
FAILURES: dict[str, tuple[dict[str, Any], str]] = {
    "refused": (result("a", response(400, {"error": REFUSED})), "bad_request"),
    "parameter": (result("a", response(400, {"error": REFUSED | {"param": "logprobs"}})), "parameter_refused"),
    "context": (result("a", response(400, {"error": {"code": "context_length_exceeded"}})), "context_too_long"),
    "server": (result("a", response(500, {"error": {"message": "Oops."}})), "server_failed"),
    "limited": (result("a", response(429, {"error": {"message": "Slow down."}})), "rate_limited"),
    "expired": (unrun("a", "batch_expired"), "batch_expired"),
    "cancelled": (unrun("a", "batch_cancelled"), "batch_cancelled"),
    "other": (unrun("a", "something_new"), "bad_request"),
    "vllm": (result("a", response(404, None), VLLM_ERROR), "model_not_found"),
    "vllm nested": (result("a", response(400, None), {"error": VLLM_ERROR | {"code": 400}}), "bad_request"),
    "vllm without status": (result("a", None, VLLM_ERROR), "model_not_found"),
    "a text": (result("a", None, "It went wrong."), "bad_request"),
    "neither": (result("a", None), "not_chat_completions"),
    "no body": (result("a", response(200, None)), "not_chat_completions"),
    "odd body": (result("a", response(200, {"choices": "none"})), "not_chat_completions"),
    "error in an answer": (result("a", response(200, {"error": {"message": "Oops."}})), "server_failed"),
    "odd": ({"custom_id": "a", "response": [], "error": 5}, "bad_request"),
}


@pytest.mark.parametrize("name", FAILURES)
async def test_every_failure_has_its_kind(tmp_path: Path, name: str) -> None:
    entry, kind = FAILURES[name]
    found = await one(tmp_path, entry)
    assert found.completion is None
    assert found.error is not None
    assert found.error.kind == kind
    assert (found.usage, found.cost is None or found.cost == 0) == (None, True)


async def test_no_key_stands_in_an_error(tmp_path: Path) -> None:
    told = {"message": f"Incorrect key {OPENAI.api_key}, sk-test-1234******cdef.", "code": "invalid"}
    for entry in (result("a", response(400, {"error": told})), result("a", None, told)):
        found = await one(tmp_path, entry)
        assert found.error is not None
        assert found.error.server_words.startswith("Incorrect key")
        assert not [part for part in ("sk-test", "cdef") if part in str(vars(found.error))]


def broken_lines() -> Iterator[tuple[bytes, str]]:
    yield b'{"custom_id": "half', "not_json"
    yield b"\xff\xfe\x00", "not_json"
    yield b"[]", "not_json"
    yield b"[" * 100_000, "not_json"
    yield b"{}", "no_custom_id"
    yield b'{"custom_id": 5}', "no_custom_id"
    yield b'"' + b"x" * 3000 + b'"', "too_long"


async def test_broken_lines_are_named_and_cost_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch_files, "LONGEST_LINE", 2000)
    monkeypatch.setattr(batch_files, "MOST_LINES", 1000)
    good = [json.dumps(result(str(n), response(200, completion(f"answer {n}")))).encode() for n in range(7)]
    lines = [text for pair in zip(good, broken_lines(), strict=True) for text in (pair[0], pair[1][0])]
    # Of the deep one only so much fits.
    lines[7] = b"[" * 1900
    output = written(tmp_path / "output.jsonl", b"", *lines)
    errors = written(tmp_path / "errors.jsonl", b"<html>")
    answers = await read([output, errors], OPENAI, MODEL)
    named = [BrokenLine(0, 3 + 2 * n, reason) for n, (_, reason) in enumerate(broken_lines())]
    assert answers.broken == (*named, BrokenLine(1, 1, "not_json"))
    results = await all_of(answers, [*map(str, range(7)), "half"])
    assert [found.completion.text for found in results[:-1] if found.completion] == [f"answer {n}" for n in range(7)]
    assert results[-1].error is not None
    assert results[-1].error.kind == "batch_missing"


async def test_an_answer_counts_more_than_a_failure_of_the_same_row(tmp_path: Path) -> None:
    first = result("a", response(200, completion("first")))
    for lines in ([unrun("a", "batch_expired"), first], [first, unrun("a", "batch_expired")]):
        answers = await read([written(tmp_path / "output.jsonl", *lines)], OPENAI)
        (found,) = await all_of(answers)
        assert found.completion is not None
        assert found.completion.text == "first"


async def test_files_of_windows_are_read(tmp_path: Path) -> None:
    data = json.dumps(result("a", response(200, completion("Hello")))).encode()
    (tmp_path / "output.jsonl").write_bytes(b"\xef\xbb\xbf" + data + b"\r\n\r\n" + data.replace(b'"a"', b'"b"'))
    answers = await read([tmp_path / "output.jsonl"], OPENAI)
    assert (answers.keys, answers.broken) == (("a", "b"), ())


async def test_a_file_of_too_many_lines_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch_files, "MOST_LINES", 3)
    with pytest.raises(BatchFileError) as caught:
        await read([written(tmp_path / "output.jsonl", *[{}] * 4)], OPENAI)
    assert why(caught.value) == "too_many"
