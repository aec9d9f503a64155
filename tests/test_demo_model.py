"""The demo model through its door: a real server on loopback, spoken to by OpenAI's client and by plain HTTP."""

import asyncio
import io
import json
import os
import signal
import socket
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from openai import APIError, AsyncOpenAI, DefaultAsyncHttpx2Client, NotFoundError
from PIL import Image

import demo_model
from demo_model.family import DRILLS
from demo_model.lazy_regex import compile_one_by_one
from tests.demo_requests import ask, body, picture_of, post, said

ROOT = Path(__file__).resolve().parent.parent
TALE = "옛날 옛적에 할아버지와 할머니가 살고 있었습니다"


@pytest.fixture(scope="module")
def url():
    with demo_model.serve(pace=0, max_body=4_000_000) as server:
        yield server.url


@pytest.fixture
async def http(url):
    async with httpx2.AsyncClient(base_url=url, trust_env=False, timeout=30) as client:
        yield client


@pytest.fixture
async def client(url):
    async with openai_client(url) as opened:
        yield opened


def openai_client(url: str) -> AsyncOpenAI:
    return AsyncOpenAI(
        base_url=url, api_key="anything", max_retries=0, http_client=DefaultAsyncHttpx2Client(trust_env=False)
    )


def events(text: str) -> list[Any]:
    """The data of all server-sent events; [DONE] as a string."""
    lines = [line.removeprefix("data: ") for line in text.split("\n\n") if line]
    return [line if line == "[DONE]" else json.loads(line) for line in lines]


def picture(*colours: str, size: tuple[int, int] = (100, 50), file_format: str = "PNG") -> dict[str, Any]:
    """A content part: upright stripes of equal width."""
    image = Image.new("RGB", size)
    width = size[0] // len(colours)
    for number, colour in enumerate(colours):
        image.paste(colour, (number * width, 0, size[0], size[1]))
    buffer = io.BytesIO()
    image.save(buffer, file_format)
    return picture_of(buffer.getvalue())


# --- the wire -------------------------------------------------------------------------------------------------------


async def test_models(client):
    listed = {model.id: model async for model in client.models.list()}
    assert list(listed)[:4] == ["demo", "demo-reasoner", "demo-text", "demo-retiring"]
    assert list(listed)[4:] == [f"drill-{drill}" for drill in DRILLS]
    assert {model.owned_by for name, model in listed.items() if name.startswith("drill-")} == {"vitrine-drill"}
    assert (await client.models.retrieve("demo")).owned_by == "vitrine"
    assert {name: model.shutdown_date for name, model in listed.items() if model.shutdown_date} == {
        "demo-retiring": (datetime.now(UTC).date() + timedelta(days=20)).isoformat()
    }
    with pytest.raises(NotFoundError) as raised:
        await client.models.retrieve("gpt-9")
    assert raised.value.code == "model_not_found"


async def test_stream_has_role_first_then_text_then_reason_then_usage_then_done(http):
    request = body("Hello", stream=True, stream_options={"include_usage": True})
    response = await http.post("/chat/completions", json=request)
    assert response.headers["content-type"].startswith("text/event-stream")
    *chunks, done = events(response.text)
    assert done == "[DONE]"
    assert chunks[0]["choices"][0]["delta"]["role"] == "assistant"
    pieces = [chunk["choices"][0]["delta"]["content"] for chunk in chunks[1:-2]]
    assert all(pieces)
    assert chunks[-2]["choices"][0] == {"index": 0, "delta": {}, "logprobs": None, "finish_reason": "stop"}
    assert chunks[-1]["choices"] == []
    assert chunks[-1]["usage"]["completion_tokens"] == len(pieces)
    assert all(chunk["usage"] is None for chunk in chunks[:-1])
    assert {chunk["id"] for chunk in chunks} == {chunks[0]["id"]}
    assert "".join(pieces) == await ask(http, "Hello")


async def test_stream_without_usage_asked_for_has_none(http):
    response = await http.post("/chat/completions", json=body("Hello", stream=True))
    assert all("usage" not in chunk for chunk in events(response.text)[:-1])


async def test_openai_client_streams_korean_whole(client):
    stream = await client.chat.completions.create(**body("안녕 👋🏽", stream=True))
    text = "".join([chunk.choices[0].delta.content or "" async for chunk in stream])
    assert text.startswith("안녕하세요! 저는 Vitrine의 데모 모델입니다. AI가 아니라")
    assert "\ufffd" not in text


async def test_openai_stream_helper_and_parse_helper(client):
    messages = [said("user", "Hello")]
    async with client.chat.completions.stream(model="demo", messages=messages) as stream:
        completion = await stream.get_final_completion()
    assert "not an AI" in completion.choices[0].message.content


async def test_usage_follows_the_cookbook(http):
    """The cookbook's own conversation counts 124 with o200k_base."""
    jargon = [
        (
            "system",
            None,
            "You are a helpful, pattern-following assistant that translates corporate jargon into plain English.",
        ),
        ("system", "example_user", "New synergies will help drive top-line growth."),
        ("system", "example_assistant", "Things working well together will increase revenue."),
        (
            "system",
            "example_user",
            "Let's circle back when we have more bandwidth to touch base on opportunities for increased leverage.",
        ),
        ("system", "example_assistant", "Let's talk later when we're less busy about how to do better."),
        (
            "user",
            None,
            "This late pivot means we don't have time to boil the ocean for the client deliverable.",
        ),
    ]
    messages = [{"role": role, "content": text, **({"name": name} if name else {})} for role, name, text in jargon]
    response = await http.post("/chat/completions", json={"model": "demo", "messages": messages})
    usage = response.json()["usage"]
    assert usage["prompt_tokens"] == 124
    assert usage["total_tokens"] == 124 + usage["completion_tokens"]
    assert usage["prompt_tokens_details"]["cached_tokens"] == 0
    assert usage["completion_tokens_details"]["reasoning_tokens"] == 0


@pytest.mark.parametrize(
    ("size", "detail", "tokens"),
    [((1024, 1024), "high", 765), ((2048, 4096), "auto", 1105), ((512, 512), "high", 255), ((1024, 1024), "low", 85)],
)
async def test_image_tokens_are_gpt_4o_s(http, size, detail, tokens):
    part = picture("red", size=size)
    part["image_url"]["detail"] = detail
    usage = (await post(http, [part]))["usage"]
    assert usage["prompt_tokens_details"]["image_tokens"] == tokens
    assert usage["prompt_tokens"] == tokens + usage["prompt_tokens_details"]["text_tokens"]


async def test_n_gives_choices_side_by_side(http):
    completion = await post(http, "Tell me a long story", n=3, temperature=1, seed=1)
    assert [choice["index"] for choice in completion["choices"]] == [0, 1, 2]
    assert len({choice["message"]["content"] for choice in completion["choices"]}) > 1
    streamed = events((await http.post("/chat/completions", json=body("Hello", n=2, stream=True))).text)[:-1]
    reasons = {
        chunk["choices"][0]["index"]: chunk["choices"][0]["finish_reason"] for chunk in streamed if chunk["choices"]
    }
    assert reasons == {0: "stop", 1: "stop"}


async def test_seed_and_temperature(http):
    question = "Tell me a story"
    seeded = [await post(http, question, temperature=1, seed=7) for _ in range(2)]
    texts = [completion["choices"][0]["message"]["content"] for completion in seeded]
    assert texts[0] == texts[1]
    assert seeded[0]["system_fingerprint"] == seeded[1]["system_fingerprint"]
    assert len({await ask(http, question, temperature=1, seed=seed) for seed in range(5)}) > 1
    assert len({await ask(http, question) for _ in range(3)}) == 1
    assert len({await ask(http, question, temperature=2, top_p=0) for _ in range(3)}) == 1


async def test_stop_cuts_before_its_text(http):
    whole = await ask(http, "Hello")
    choice = (await post(http, "Hello", stop=["zzz", " program"]))["choices"][0]
    assert choice["message"]["content"] == whole.split(" program")[0]
    assert choice["finish_reason"] == "stop"


@pytest.mark.parametrize("name", ["max_tokens", "max_completion_tokens"])
async def test_limit_is_in_tokens(http, name):
    completion = await post(http, "긴 이야기 들려줘", **{name: 20})
    assert completion["choices"][0]["finish_reason"] == "length"
    assert completion["usage"]["completion_tokens"] == 20


async def test_a_long_answer_is_long(http):
    for question in ("Please give me a long answer", "길게 답해줘"):
        assert 250 < (await post(http, question))["usage"]["completion_tokens"] < 700


# --- wrong requests -------------------------------------------------------------------------------------------------

REFUSED: list[tuple[dict[str, Any], int, str | None, str | None, str]] = [
    ({"model": None}, 400, None, None, "you must provide a model parameter"),
    ({"model": "gpt-9"}, 404, None, "model_not_found", "The model `gpt-9` does not exist"),
    ({"messages": None}, 400, "messages", "missing_required_parameter", "Missing required parameter: 'messages'."),
    ({"messages": []}, 400, "messages", "empty_array", "Invalid 'messages': empty array"),
    ({"messages": "hi"}, 400, "messages", "invalid_type", "expected an array of objects, but got a string instead"),
    ({"messages": [said("bot", "x")]}, 400, "messages[0].role", "invalid_value", "Supported values are: 'system'"),
    ({"messages": [{"role": "user"}]}, 400, "messages.[0].content", None, "expected a string, got null"),
    (
        {"messages": [said("user", [{"type": "video"}])]},
        400,
        "messages[0].content[0].type",
        "invalid_value",
        "Invalid value: 'video'. Supported values are: 'text' and 'image_url'.",
    ),
    ({"messages": [said("system", [picture("red")])]}, 400, "messages[0]", "invalid_value", "role 'system' contains"),
    (
        {"messages": [said("user", [picture_of(b"no picture")])]},
        400,
        "messages[0].content[0].image_url.url",
        "invalid_image_format",
        "unsupported image",
    ),
    (
        {"messages": [said("user", [{"type": "image_url", "image_url": {"url": "file:///etc/passwd"}}])]},
        400,
        "messages[0].content[0].image_url.url",
        "invalid_value",
        "Expected a valid URL",
    ),
    ({"temperature": 3}, 400, "temperature", "decimal_above_max_value", "Expected a value <= 2, but got 3 instead."),
    ({"temperature": "hot"}, 400, "temperature", "invalid_type", "expected a decimal, but got a string instead"),
    ({"temperature": True}, 400, "temperature", "invalid_type", "got a boolean instead"),
    ({"top_p": -0.1}, 400, "top_p", "decimal_below_min_value", "Expected a value >= 0"),
    ({"presence_penalty": 2.5}, 400, "presence_penalty", "decimal_above_max_value", "Invalid 'presence_penalty'"),
    ({"n": 0}, 400, "n", "integer_below_min_value", "Expected a value >= 1"),
    ({"n": 1.5}, 400, "n", "invalid_type", "expected an integer, but got a decimal instead"),
    ({"seed": 2**70}, 400, "seed", "integer_above_max_value", "Invalid 'seed'"),
    ({"max_tokens": 0}, 400, "max_tokens", "integer_below_min_value", "Invalid 'max_tokens'"),
    ({"max_tokens": 5, "max_completion_tokens": 5}, 400, None, "invalid_parameter_combination", "at the same time"),
    (
        {"stop": list("abcde")},
        400,
        "stop",
        "array_above_max_length",
        "maximum length 4, but got an array with length 5",
    ),
    ({"stop": [1]}, 400, "stop", "invalid_type", "Invalid type for 'stop'"),
    ({"top_logprobs": 3}, 400, "top_logprobs", None, "only allowed when 'logprobs' is enabled"),
    ({"top_logprobs": 30, "logprobs": True}, 400, "top_logprobs", "integer_above_max_value", "<= 20"),
    ({"logit_bias": {"50256": 200}}, 400, "logit_bias.50256", "decimal_above_max_value", "<= 100"),
    ({"stream_options": {"include_usage": True}}, 400, "stream_options", None, "only allowed when 'stream'"),
    ({"tools": []}, 400, "tools", "unsupported_parameter", "'tools' is not supported with this model"),
    ({"reasoning_effort": "low"}, 400, None, None, "Unrecognized request argument supplied: reasoning_effort"),
    ({"response_format": {"type": "xml"}}, 400, "response_format.type", "invalid_value", "Invalid value: 'xml'"),
    (
        {"response_format": {"type": "json_object"}},
        400,
        "messages",
        None,
        "'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'.",
    ),
    (
        {"response_format": {"type": "json_schema", "json_schema": {"name": "a b", "schema": {"type": "object"}}}},
        400,
        "response_format.json_schema.name",
        "invalid_value",
        "does not match pattern",
    ),
    (
        {
            "response_format": {
                "type": "json_schema",
                "json_schema": {
                    "name": "x",
                    "strict": True,
                    "schema": {
                        "type": "object",
                        "properties": {"a": {"type": "string"}},
                        "additionalProperties": False,
                    },
                },
            }
        },
        400,
        "response_format",
        None,
        "Missing 'a'",
    ),
    (
        {
            "response_format": {
                "type": "json_schema",
                "json_schema": {
                    "name": "x",
                    "schema": {"type": "object", "properties": {"a": {"type": "integer", "minimum": "low"}}},
                },
            }
        },
        400,
        "response_format",
        None,
        "'minimum' must be a number",
    ),
    ({"messages": [said("user", "word " * 140_000)]}, 400, "messages", "context_length_exceeded", "maximum context"),
]


@pytest.mark.parametrize(("changes", "status", "param", "code", "words"), REFUSED, ids=lambda each: str(each)[:40])
async def test_refused_as_openai_refuses(http, changes, status, param, code, words):
    response = await http.post("/chat/completions", json={**body("Hello"), **changes})
    assert response.status_code == status
    error = response.json()["error"]
    assert error.keys() == {"message", "type", "param", "code"}
    assert (error["type"], error["param"], error["code"]) == ("invalid_request_error", param, code)
    assert words in error["message"]
    assert response.headers["x-request-id"].startswith("req_")


@pytest.mark.parametrize("content", [b"{", b"\xff\xfe", b'{"model": "demo", "temperature": NaN}', b"[" * 100_000, b""])
async def test_body_that_is_no_json(http, content):
    response = await http.post("/chat/completions", content=content)
    assert response.status_code == 400
    assert "could not parse the JSON body" in response.json()["error"]["message"]


async def test_body_too_large(http):
    response = await http.post("/chat/completions", content=b" " * 5_000_000)
    assert response.status_code == 413
    assert response.json()["error"]["code"] == "request_too_large"


async def test_wrong_address_and_method(http):
    missing = await http.post("/completions", json={})
    assert (missing.status_code, missing.json()["error"]["message"]) == (404, "Invalid URL (POST /v1/completions)")
    assert (await http.get("/chat/completions")).status_code == 405


# --- what it says ---------------------------------------------------------------------------------------------------


async def test_it_knows_a_name_only_if_it_was_sent(http):
    introduction = "안녕, 나는 차은우야"
    greeting = await ask(http, introduction)
    assert "차은우 님" in greeting
    for question in ("내 이름이 뭐야?", "do you remember my name?"):
        assert "차은우" in await ask(http, introduction, greeting, question)
        assert "차은우" not in await ask(http, question)
    assert "상태가 없어서" in await ask(http, "내 이름이 뭐야?")
    assert "stateless" in await ask(http, "What is my name?")
    assert "차은우" not in await ask(http, "안녕", introduction, "내 이름이 뭐야?"), "only the user tells of themselves"


RECALLED = [
    ("My name is Mina and I live in Busan. I like green tea.", "What is my name?", "Mina"),
    ("My name is Mina and I live in Busan. I like green tea.", "Where do I live?", "Busan"),
    ("My name is Mina and I live in Busan. I like green tea.", "what do I like?", "green tea"),
    ("my lucky number is 42", "Do you remember my lucky number?", "42"),
    ("my favourite colour is blue", "what is my favourite colour?", "blue"),
    ("나는 부산에 살아. 나는 커피를 좋아해", "내가 어디에 살아?", "부산"),
    ("나는 부산에 살아. 나는 커피를 좋아해", "내가 뭘 좋아해?", "커피"),
    ("내 행운의 숫자는 7이야", "내 행운의 숫자가 뭐야?", "7"),
    ("내가 제일 좋아하는 색은 파랑이야", "내가 제일 좋아하는 색이 뭐야?", "파랑"),
    ("제 이름은 김민수입니다", "제 이름 기억하세요?", "김민수"),
    ("안녕! 나는 민지고 부산에 살아.", "What is my name?", "민지"),
    ("My name is Bo and I like tea.", "what is my name?", "You are Bo.|Your name is Bo."),
    ("I'm Mina from Busan and I hate coffee.", "where am I from?", "Busan"),
]


@pytest.mark.parametrize(("told", "question", "value"), RECALLED)
async def test_it_recalls_what_was_told(http, told, question, value):
    answer = await ask(http, told, "ok", question)
    assert any(way in answer for way in value.split("|"))
    alone = await ask(http, question)
    assert not any(way in alone for way in value.split("|"))


@pytest.mark.parametrize(
    "told",
    ["My name is [x](http://evil.example/a.png)", "나는 ![x](http://evil.example/a.png)를 좋아해", "I'm <b>Bo</b>"],
)
async def test_markup_is_not_repeated_from_what_was_told(http, told):
    for question in ("what is my name?", "내가 뭘 좋아해?"):
        answer = await ask(http, told, "ok", question)
        assert not set("[]<>") & set(answer)
        assert "evil" not in answer


SKILLS = [
    ("Hello", "a small program, not an AI"),
    ("who are you?", "OPENAI_API_KEY"),
    ("너 누구야?", "신경망이 없고"),
    ("토큰이 뭐야?", "**토큰**"),
    ("What is temperature?", "**Temperature** (0 to 2)"),
    ("top_p가 뭐야", "**top_p**"),
    ("finish reason이 뭐야?", "`length`"),
    ("what is 15% of 2,400?", "**360**"),
    ("12 곱하기 34는 얼마야?", "**408**"),
    ("(1 + 2) * 3 =", "**9**"),
    ("9**9**9 =", "no value"),
    ("1/0 =", "no value"),
    ("sort: pear, fig, apple", "- apple\n- fig\n- pear"),
    ("숫자 5 3 19를 내림차순으로 정렬해줘", "- 19\n- 5\n- 3"),
    ("how many r are in strawberry?", "3 times"),
    ("strawberry에 r이 몇 개야?", "3개"),
    ('how many words are in "the quick brown fox"?', "Words: 4."),
    ("Translate this: hello", "I cannot translate"),
    ("오늘 날씨 어때?", "알 수 없습니다"),
    ("qwertz uiop", "without a neural network"),
    ("의미 없는 문장 하나", "신경망이 없는 작은 프로그램"),
    ("요약해줘", "요약할 글을 보내 주세요"),
    ("what colour is it?", "There is no picture"),
    ("how many red circles?", "There is no picture"),
    ("10 miles in km", "16.09 km"),
    ("30평은 몇 제곱미터야?", "99.17제곱미터"),
    ("100 dollars in won", "Exchange rates"),
    ("What is Vitrine?", "glass case"),
    ("여기서 뭘 해 볼 수 있어?", "실패 연습"),
    ("Introduce yourself", "not an AI"),
    ("Write me a poem about rain", "language model"),
    ("다이어트 식단 추천해 줘", "더 큰 채팅 모델"),
    ("solve this riddle", "reasoning model"),
    ("draw me a cat", "real model"),
    ("알람 맞춰 줘", "진짜 모델"),
    ("죽고 싶어", "109"),
    ("I want to end my life", "988"),
    ("What is a token? What is top_p?", "**top_p**"),
    ("Convert 5 miles to km and sort 9, 3, 7", "8.05 km\n\nSorted:\n- 3\n- 7\n- 9"),
]


async def test_how_to_connect_a_real_model_is_told_once(http):
    first = await ask(http, "draw me a cat")
    assert "OPENAI_API_KEY" in first
    again = await ask(http, "draw me a cat", first, "draw me a dog")
    assert "OPENAI_API_KEY" not in again
    assert again == again.strip()


async def test_a_telephone_number_that_may_matter_stands_alone(http):
    messages = [said("system", "You are a chef."), said("user", "I want to end my life")]
    assert not (await ask(http, messages=messages)).startswith("Order up")


async def test_what_was_told_is_there_to_be_put_into_json(http):
    told = "Hi! I'm Sam, I live in Leeds, I have 2 cats and my email is sam@example.com."
    shape = 'Extract as JSON {"name": "", "city": "", "email": "", "cats": 0}'
    wanted = {"response_format": {"type": "json_object"}}
    value = await ask(http, told, "ok", shape, **wanted)
    assert json.loads(value) == {"name": "Sam", "city": "Leeds", "email": "sam@example.com", "cats": 2}
    other = json.loads(await ask(http, told, "ok", shape, value, "Tell me a joke", **wanted))
    assert "cats" not in other, "the shape of an earlier answer, where nothing fits it, is left behind"


@pytest.mark.parametrize(("question", "words"), SKILLS)
async def test_skills(http, question, words):
    assert words in await ask(http, question)


async def test_code_keeps_its_indentation(http):
    for question in ("show me code", "코드 보여줘"):
        text = await ask(http, question)
        source = text.split("```python\n")[1].split("```")[0]
        compile(source, "sample", "exec")
        assert '\n            print(chunk.choices[0].delta.content, end="", flush=True)' in source


async def test_persona_changes_the_tone(http):
    plain = await ask(http, "안녕")
    messages = [said("system", "너는 유쾌한 요리사야."), said("user", "안녕")]
    chef = await ask(http, messages=messages)
    assert chef.startswith("주문 나왔습니다!\n\n")
    assert chef.endswith("\n\n맛있게 드세요!")
    assert plain not in chef, "a chef has a greeting of their own"
    messages[-1] = said("user", "12 곱하기 34는 얼마야?")
    assert "**408**" in await ask(http, messages=messages)


async def test_summary_keeps_the_key_sentences(http):
    text = (
        "서울의 지하철은 매일 칠백만 명이 탄다. 지하철 요금은 올해 올랐다. 고양이는 잔다. "
        "서울의 지하철 요금이 오르자 지하철 승객은 버스를 탔다. 하늘은 푸르다."
    )
    summary = await ask(http, f"요약해줘: {text}")
    assert "서울의 지하철 요금이 오르자" in summary
    assert "고양이는 잔다" not in summary


async def test_files_are_told_from_what_was_typed(http):
    table = "people.csv\n```\nname,age\nMina,24\nJoon,31\n```"
    text = await ask(http, f"{table}\nWhat is in it?")
    assert "**people.csv** (lines: 3" in text
    assert "Rows: 2. Columns: 2 (name, age)" in text
    assert "name,age\nMina,24" in text


async def test_picture_is_measured(http):
    part = picture("red", "blue", "blue", "blue", size=(200, 100))
    english = await ask(http, [{"type": "text", "text": "What is this?"}, part])
    assert "200 × 100 pixels, landscape, PNG" in english
    assert "blue 75%, red 25%" in english
    assert "cannot recognise objects or read words" in english
    assert "파랑 75%, 빨강 25%" in await ask(http, [{"type": "text", "text": "이게 뭐야?"}, part])


async def test_pictures_in_order_and_urls_not_fetched(http):
    with socket.create_server(("127.0.0.1", 0)) as trap:
        address = f"http://127.0.0.1:{trap.getsockname()[1]}/a.png"
        remote = {"type": "image_url", "image_url": {"url": address}}
        text = await ask(http, [picture("red"), remote, picture("green", size=(10, 90))])
        trap.settimeout(0)
        with pytest.raises(BlockingIOError):
            trap.accept()
    first, second, third = text.split("**Picture ")[1:]
    assert "red 100%" in first
    assert "I do not fetch URLs" in second
    assert "10 × 90 pixels, portrait" in third
    assert "green 100%" in third


async def test_an_earlier_picture_is_still_there(http):
    answer = await ask(http, [picture("purple")], "measured", "what colour was the picture?")
    assert "purple 100%" in answer


async def test_upright_size_of_a_turned_photo(http):
    buffer = io.BytesIO()
    turned = Image.Exif()
    turned[0x0112] = 6
    Image.new("RGB", (400, 300), "white").save(buffer, "JPEG", exif=turned)
    assert "300 × 400 pixels, portrait, JPEG" in await ask(http, [picture_of(buffer.getvalue())])


def _encoded(file_format: str) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (64, 64), "red").save(buffer, file_format)
    return buffer.getvalue()


@pytest.mark.parametrize(
    "data",
    [_encoded("EPS"), b'<svg xmlns="http://www.w3.org/2000/svg"/>', _encoded("PNG")[:60], _encoded("JPEG")[:300], b""],
    ids=["eps", "svg", "cut png", "cut jpeg", "empty"],
)
async def test_what_is_no_picture_is_refused(http, data):
    response = await http.post("/chat/completions", json=body([picture_of(data)]))
    assert response.status_code == 400
    assert response.json()["error"]["code"] == "invalid_image_format"


async def test_too_many_pictures_are_refused(http):
    response = await http.post("/chat/completions", json=body([picture("red", size=(8, 8))] * 51))
    assert response.status_code == 400
    assert "Too many images" in response.json()["error"]["message"]


async def test_picture_bombs_are_refused(http):
    buffer = io.BytesIO()
    Image.new("1", (10_000, 10_000)).save(buffer, "PNG")
    response = await http.post("/chat/completions", json=body([picture_of(buffer.getvalue())]))
    assert response.status_code == 400


# --- JSON -----------------------------------------------------------------------------------------------------------

JSON_MODE = {"type": "json_object"}
PEOPLE = '{"people": ["aaa", "bbb"]}'
FILLED = [
    (f"글에 나오는 사람을 JSON으로 답해라. 예: {PEOPLE}", TALE, {"people": ["할아버지", "할머니"]}),
    ("", f"등장인물을 JSON으로. 예: {PEOPLE}\n\n{TALE}", {"people": ["할아버지", "할머니"]}),
    ("", f"{TALE}\n\n이 글의 인물을 {PEOPLE} 꼴의 JSON으로", {"people": ["할아버지", "할머니"]}),
    (
        'JSON like {"name": "x", "email": "x", "phone": "x", "date": "x", "amount": 0}',
        "On 2026-03-04 Alice paid $12.50. Write to alice@x.org.",
        {"name": "Alice", "email": "alice@x.org", "phone": None, "date": "2026-03-04", "amount": 12.5},
    ),
    ("JSON with the keys: name, age", "김철수는 23살입니다.", {"name": "김철수", "age": 23}),
    (
        '{"people": [{"name": "x", "age": 0}]} JSON',
        "김철수는 23살이고 이영희 씨는 31살입니다.",
        {"people": [{"name": "김철수", "age": 23}, {"name": "이영희", "age": 31}]},
    ),
]


@pytest.mark.parametrize(("system", "text", "value"), FILLED)
async def test_json_mode_fills_the_shape(http, system, text, value):
    messages = [said("system", system), said("user", text)]
    answer = await ask(http, messages=messages, response_format=JSON_MODE)
    assert json.loads(answer) == value
    assert list(json.loads(answer)) == list(value)


async def test_json_mode_without_a_shape(http):
    value = json.loads(await ask(http, "json: call Mina, 010-1234-5678", response_format=JSON_MODE))
    assert value["language"] == "en"
    assert value["phones"] == ["010-1234-5678"]


def schema_format(schema: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "json_schema", "json_schema": {"name": "x", "schema": schema, **more}}


async def test_schema_is_filled_in_its_order_and_by_type(http):
    schema = {
        "type": "object",
        "properties": {
            "mood": {"enum": ["happy", "sad"]},
            "email": {"type": ["string", "null"]},
            "name": {"type": "string"},
            "age": {"type": "integer", "minimum": 1},
            "city": {"anyOf": [{"type": "string"}, {"type": "null"}]},
            "title": {"type": "string"},
            "rating": {"type": "number", "minimum": 1, "maximum": 5},
            "tags": {"type": "array", "items": {"type": "string"}, "minItems": 1},
            "boss": {"anyOf": [{"$ref": "#/$defs/person"}, {"type": "null"}]},
        },
        "required": ["mood", "email", "name", "age", "city", "title", "rating", "tags", "boss"],
        "additionalProperties": False,
        "$defs": {
            "person": {
                "type": "object",
                "properties": {"phone": {"type": "string"}},
                "required": ["phone"],
                "additionalProperties": False,
            }
        },
    }
    text = "Alice is 30 years old, lives in Busan and is sad."
    value = json.loads(await ask(http, text, response_format=schema_format(schema, strict=True)))
    assert list(value) == schema["required"]
    assert (value["mood"], value["email"], value["name"], value["age"]) == ("sad", None, "Alice", 30)
    assert (value["city"], value["boss"]) == ("Busan", None)
    assert isinstance(value["title"], str)
    assert 1 <= value["rating"] <= 5
    assert value["tags"]


async def test_schema_that_refers_to_itself_ends(http):
    schema = {"type": "object", "properties": {name: {"$ref": "#"} for name in "abcdefghij"}}
    assert isinstance(json.loads(await ask(http, "x", response_format=schema_format(schema))), dict)


# --- hostile texts --------------------------------------------------------------------------------------------------

HOSTILE = {
    "one word": "a" * 400_000,
    "blanks": " " * 1_000_000,
    "brackets": "(" * 100_000,
    "objects": '{"a":' * 20_000,
    "digits": "1," * 60_000,
    "quotes": "\"'“" * 30_000,
    "fences": "a.b\n```\n" * 15_000,
    "hangul": "나는 " * 60_000,
    "emails": "a.a@" * 30_000,
    "surrogates": "\ud800 json \udfff",
}


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("wanted", [None, JSON_MODE], ids=["text", "json"])
async def test_hostile_texts_get_an_answer(http, name, wanted):
    request = body(f"{HOSTILE[name]} json", response_format=wanted)
    response = await http.post("/chat/completions", content=json.dumps(request).encode())
    assert response.status_code == 200, response.text[:300]


# --- running --------------------------------------------------------------------------------------------------------


async def in_progress(url: str) -> int:
    async with httpx2.AsyncClient(trust_env=False) as http:
        return (await http.get(url.replace("/v1", "/health"))).json()["answers_in_progress"]


async def until_in_progress(url: str, number: int) -> None:
    """Wait until the server has that many answers in progress."""
    for _ in range(250):
        if await in_progress(url) == number:
            return
        await asyncio.sleep(0.02)
    pytest.fail(f"there never were {number} answers in progress")


async def test_leaving_a_stream_ends_the_answer():
    with demo_model.serve(pace=2) as server:
        async with openai_client(server.url) as client:
            request = body("Tell me a long story", stream=True)
            async with await client.chat.completions.create(**request) as stream:
                async for _ in stream:
                    assert await in_progress(server.url) == 1
                    break
            await until_in_progress(server.url, 0)


async def test_leaving_an_unstreamed_answer_ends_it():
    with demo_model.serve(pace=2) as server:
        async with openai_client(server.url) as client:
            asking = asyncio.create_task(client.chat.completions.create(**body("Tell me a long story")))
            await until_in_progress(server.url, 1)
            asking.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asking
            await until_in_progress(server.url, 0)


async def test_work_for_a_client_that_has_gone_is_not_done():
    """Each of these would take seconds; the one that comes after them does not wait for them."""
    with demo_model.serve(pace=0) as server:
        async with openai_client(server.url) as client:
            hard = body("긴 이야기 들려줘", n=128, temperature=2, frequency_penalty=2)
            asking = [asyncio.create_task(client.chat.completions.create(**hard)) for _ in range(8)]
            await until_in_progress(server.url, 8)
            for each in asking:
                each.cancel()
            await asyncio.gather(*asking, return_exceptions=True)
            await until_in_progress(server.url, 0)
            assert (await client.chat.completions.create(**body("Hello"))).choices


async def test_stop_ends_streams_with_a_word_and_frees_the_port():
    server = demo_model.serve(pace=2)
    port = int(server.url.split(":")[2].split("/")[0])
    async with openai_client(server.url) as client:
        stream = await client.chat.completions.create(**body("Tell me a long story", stream=True))
        received = stream.__aiter__()
        await received.__anext__()
        stopping = asyncio.create_task(asyncio.to_thread(server.stop))
        with pytest.raises(APIError, match="shut down"):
            async for _ in received:
                pass
        await stopping
    server.stop()  # a second time does no harm
    with socket.create_server(("127.0.0.1", port)):
        pass


def test_port_that_is_taken():
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(OSError, match="in use"):
        demo_model.serve(taken.getsockname()[1])


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGTERM to send")
def test_alone_it_prints_its_address_and_ends_on_sigterm():
    command = [sys.executable, "-W", "error", "-m", "demo_model", "--port", "0", "--pace", "2"]
    alone = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert alone.stdout is not None
        url = alone.stdout.readline().split()[-1]
        request = body("Tell me a long story", stream=True)
        with (
            httpx2.Client(trust_env=False, timeout=60) as http,
            http.stream("POST", f"{url}/chat/completions", json=request) as response,
        ):
            received = response.iter_text()
            text = next(received)
            alone.send_signal(signal.SIGTERM)
            text += "".join(received)
        assert events(text)[-1]["error"]["code"] == "shutting_down"
        out, err = alone.communicate(timeout=60)
    finally:
        alone.kill()
    assert (out, err) == ("", "")
    assert alone.returncode == -signal.SIGTERM


def test_alone_on_a_taken_port_it_says_so_in_one_line():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        command = [sys.executable, "-m", "demo_model", "--port", port]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith(f"Cannot listen on 127.0.0.1:{port}")
    assert done.stderr.count("\n") == 1


def test_the_vocabulary_is_the_one_beside_the_code(tmp_path):
    # A cache of the machine's may be empty, and there may be no network.
    env = os.environ | {"TIKTOKEN_CACHE_DIR": str(tmp_path), "HTTPS_PROXY": "http://127.0.0.1:9"}
    command = [sys.executable, "-c", "from demo_model.tokens import count; print(count('안녕하세요'))"]
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=60, check=False)
    assert (done.stdout, done.stderr) == ("2\n", "")


def test_every_pattern_of_the_package_can_be_compiled():
    assert sum(1 for _ in compile_one_by_one()) > 200


def test_import_is_light_and_knows_nothing_of_the_app():
    script = (
        "import sys, demo_model, demo_model.lazy_regex as lazy, tiktoken.registry as registry; "
        "assert not registry.ENCODINGS; assert not [regex for regex in lazy._all if 'compiled' in vars(regex)]; "
        "print(*{name.partition('.')[0] for name in sys.modules})"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert not {"chat_core", "chat_ui", "gradio", "openai"} & set(done.stdout.split())


async def test_visitors_do_not_wait_for_each_other():
    with demo_model.serve(pace=1) as server:
        async with openai_client(server.url) as client:
            started = [await client.chat.completions.create(**body("a story", stream=True)) for _ in range(20)]
            firsts = await asyncio.gather(*(stream.__aiter__().__anext__() for stream in started))
            assert all(first.choices[0].delta.role == "assistant" for first in firsts)
            assert await in_progress(server.url) == 20
            for stream in started:
                await stream.close()
            await until_in_progress(server.url, 0)


@pytest.mark.parametrize(
    ("question", "go_on"),
    [
        ("Tell me a long story", "Continue exactly where you stopped."),
        ("긴 이야기를 해 줘", "이어서 써 줘"),
        ("What is a token?", "go on"),
        ("12 곱하기 34는 얼마야?", "계속해 줘"),
    ],
)
@pytest.mark.parametrize("share", [0.02, 0.3, 0.97])
async def test_a_broken_answer_goes_on_from_the_very_letter(http, question, go_on, share):
    told = await ask(http, question, temperature=1, seed=7)
    begun = told[: max(1, int(len(told) * share))]
    rest = await ask(http, question, begun, go_on)
    whole = await ask(http, question, begun + rest, go_on)
    nothing_left = await ask(http, question, told, go_on)
    assert whole == nothing_left, "the whole answer has no rest"
    assert nothing_left.startswith(("That was all I had to say", "드릴 말씀은 여기까지예요"))
    half = rest[: len(rest) // 2]
    parted = await ask(http, question, begun, go_on, half, go_on) if half else rest
    assert rest == half + parted, "a client may send what has been said so far in several messages"
