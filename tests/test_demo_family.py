"""The demo family through its door: the reasoner, the one without eyes, the retiring one, and the failure drill."""

import io
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest
from PIL import Image

import demo_model
from demo_model.family import DRILLS, Drill
from tests.demo_requests import ask, body, picture_of, post, said

REASONER = {"model": "demo-reasoner", "temperature": None}


async def streamed(http: httpx2.AsyncClient, question: str, **parameters: Any) -> list[dict[str, Any]]:
    """The chunks of a stream; the last one's ``choices`` tell whether it was ended properly."""
    response = await http.post("/chat/completions", json=body(question, stream=True, **parameters))
    assert response.status_code == 200, response.text
    lines = [line.removeprefix("data: ") for line in response.text.split("\n\n") if line]
    return [json.loads(line) if line != "[DONE]" else {"done": True} for line in lines]


def deltas(chunks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [chunk["choices"][0]["delta"] for chunk in chunks if chunk.get("choices")]


# --- the reasoner -----------------------------------------------------------------------------------------------------


async def test_the_reasoner_streams_its_working_before_its_answer(http):
    chunks = await streamed(http, "12 * (3 + 4) =", stream_options={"include_usage": True}, **REASONER)
    fields = [next(iter(delta)) for delta in deltas(chunks)[1:-1]]
    assert set(fields) == {"reasoning_content", "content"}
    assert fields == sorted(fields, reverse=True), "first all of the working, then the answer"
    working = "".join(delta.get("reasoning_content", "") for delta in deltas(chunks))
    assert "12 * 7 = 84" in working
    assert "84" in "".join(delta.get("content", "") for delta in deltas(chunks))
    usage = chunks[-2]["usage"]
    thought = usage["completion_tokens_details"]["reasoning_tokens"]
    assert 0 < thought < usage["completion_tokens"]
    assert thought == fields.count("reasoning_content")


@pytest.mark.parametrize(
    "question", ["Hello", "안녕", "how many r in strawberry?", "정렬: 배, 사과, 감", "What is a token?"]
)
async def test_more_effort_is_more_working(http, question):
    used = []
    for effort in ("low", "medium", "high"):
        completion = await post(http, question, reasoning_effort=effort, seed=1, **REASONER)
        used.append(completion["usage"]["completion_tokens_details"]["reasoning_tokens"])
        message = completion["choices"][0]["message"]
        assert message["reasoning_content"]
        assert message["content"]
    assert used[0] < used[1] < used[2]


async def test_a_limit_can_be_used_up_by_the_working(http):
    completion = await post(http, "Hello", max_completion_tokens=5, **REASONER)
    choice = completion["choices"][0]
    assert (choice["finish_reason"], choice["message"]["content"]) == ("length", "")
    assert completion["usage"]["completion_tokens"] == 5
    assert completion["usage"]["completion_tokens_details"]["reasoning_tokens"] == 5


REFUSED = [
    ({"temperature": 0.2}, "unsupported_value", "'temperature' does not support 0.2 with this model. Only the default"),
    ({"top_p": 0.5}, "unsupported_parameter", "'top_p' is not supported"),
    ({"stop": "x"}, "unsupported_parameter", "'stop' is not supported"),
    ({"logprobs": True}, "unsupported_parameter", "'logprobs' is not supported"),
    ({"max_tokens": 5}, "unsupported_parameter", "Use 'max_completion_tokens' instead."),
    (
        {"reasoning_effort": "none"},
        "unsupported_value",
        "'reasoning_effort' does not support 'none' with this model. Supported values are: 'low', 'medium', and 'high'",
    ),
]


@pytest.mark.parametrize(("parameters", "code", "words"), REFUSED)
async def test_what_a_reasoner_refuses(http, parameters, code, words):
    response = await http.post("/chat/completions", json=body("Hello", **{**REASONER, **parameters}))
    error = response.json()["error"]
    assert (response.status_code, error["code"]) == (400, code)
    assert words in error["message"]
    assert (await post(http, "Hello", **{**REASONER, "temperature": 1}))["choices"]


# --- the others -------------------------------------------------------------------------------------------------------


async def test_demo_text_refuses_pictures_as_the_api_does(http):
    data = io.BytesIO()
    Image.new("RGB", (8, 8)).save(data, "PNG")
    content = [{"type": "text", "text": "What is it?"}, picture_of(data.getvalue())]
    messages = [said("user", "Hello"), said("assistant", "Hi"), said("user", content)]
    response = await http.post("/chat/completions", json=body(messages=messages, model="demo-text"))
    error = response.json()["error"]
    assert response.status_code == 400
    assert error["message"] == "Invalid content type. image_url is only supported by certain models."
    assert error["param"] == "messages.[2].content.[1].type"
    assert "not an AI" in await ask(http, "Hello", model="demo-text")


async def test_demo_retiring_says_when_it_ends(http):
    day = (datetime.now(UTC).date() + timedelta(days=20)).isoformat()
    assert day in await ask(http, "who are you?", model="demo-retiring")
    assert day in await ask(http, "너 누구야?", model="demo-retiring")
    assert day not in await ask(http, "who are you?")


# --- the drill --------------------------------------------------------------------------------------------------------

REFUSALS: dict[Drill, tuple[int, str | None, str]] = {
    "wrong-key": (401, "invalid_api_key", "Incorrect API key provided"),
    "quota": (429, "insufficient_quota", "exceeded your current quota"),
    "rate-limit": (429, "rate_limit_exceeded", "Rate limit reached"),
    "server-error": (500, None, "The server had an error"),
}
ODD_ENDS = ["silence", "cut", "length", "content-filter", "refusal", "blanks"]


def test_each_drill_is_tested():
    assert {*REFUSALS, *ODD_ENDS} == set(DRILLS)


@pytest.mark.parametrize("drill", REFUSALS)
async def test_drills_that_refuse(http, drill):
    status, code, words = REFUSALS[drill]
    response = await http.post("/chat/completions", json=body("Hello", model=f"drill-{drill}"))
    assert (response.status_code, response.json()["error"]["code"]) == (status, code)
    assert words in response.json()["error"]["message"]
    assert ("retry-after" in response.headers) == (drill == "rate-limit")


async def test_drill_of_a_cut_ends_without_a_reason(http):
    whole = await ask(http, "Tell me a short story")
    chunks = await streamed(http, "Tell me a short story", model="drill-cut")
    assert "done" not in chunks[-1]
    assert {chunk["choices"][0]["finish_reason"] for chunk in chunks} == {None}
    part = "".join(delta["content"] for delta in deltas(chunks))
    assert 0 < len(part) < len(whole)
    assert whole.startswith(part)
    unstreamed = await http.post("/chat/completions", json=body("Hello", model="drill-cut"))
    with pytest.raises(ValueError, match="line 1"):
        unstreamed.json()


@pytest.mark.parametrize(("drill", "reason"), [("length", "length"), ("content-filter", "content_filter")])
async def test_drills_that_end_early_with_a_reason(http, drill, reason):
    whole = await ask(http, "Tell me a long story")
    choice = (await post(http, "Tell me a long story", model=f"drill-{drill}"))["choices"][0]
    assert choice["finish_reason"] == reason
    assert whole.startswith(choice["message"]["content"])
    assert 20 < len(choice["message"]["content"]) < len(whole) / 2


@pytest.mark.parametrize("question", ["Hello", "1+1?"])
async def test_drill_of_the_length_limit_cuts_short_answers_too(http, question):
    choice = (await post(http, question, model="drill-length"))["choices"][0]
    assert choice["finish_reason"] == "length"
    assert choice["message"]["content"] != await ask(http, question)


async def test_an_answer_cut_by_length_is_continued_to_its_end(http):
    whole = await ask(http, "Tell me a short story")
    told = ""
    for _ in range(20):
        messages = [said("user", "Tell me a short story")]
        messages += [said("assistant", told), said("user", "Continue exactly where you stopped.")] if told else []
        choice = (await post(http, messages=messages, model="drill-length"))["choices"][0]
        told += choice["message"]["content"]
        if choice["finish_reason"] == "stop":
            break
    assert told == whole


@pytest.mark.parametrize(("question", "words"), [("Hello", "sorry"), ("안녕", "죄송")])
async def test_drill_of_a_refusal(http, question, words):
    message = (await post(http, question, model="drill-refusal"))["choices"][0]["message"]
    assert message["content"] is None
    assert words in message["refusal"]
    assert any("refusal" in delta for delta in deltas(await streamed(http, question, model="drill-refusal"))[1:])


async def test_drill_of_blanks(http):
    request = {"model": "drill-blanks", "response_format": {"type": "json_object"}, "max_tokens": 500}
    choice = (await post(http, "json, please", **request))["choices"][0]
    assert choice["message"]["content"].strip() == ""
    assert (len(choice["message"]["content"]), choice["finish_reason"]) == (500, "length")
    assert "JSON" in await ask(http, "Hello", model="drill-blanks"), "without JSON mode it says how to see it"


async def test_drill_of_silence_says_nothing_more_and_ends_with_its_client():
    with demo_model.serve(pace=0) as server:
        async with httpx2.AsyncClient(base_url=server.url, trust_env=False, timeout=30) as http:
            request = body("Hello", model="drill-silence", stream=True)
            async with http.stream("POST", "/chat/completions", json=request) as response:
                received = response.aiter_text()
                first = await anext(received)
                assert json.loads(first.removeprefix("data: "))["choices"][0]["delta"]["content"] == ""
                assert (await http.get("../health")).json()["answers_in_progress"] == 1
    # Leaving the block stops the server, which waits for all answers.
