"""Clients that nobody here wrote, against ``python -m demo_model``: OpenAI's SDK, and Hugging Face's."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from huggingface_hub import InferenceClient
from huggingface_hub.errors import HfHubHTTPError
from openai import APIStatusError, DefaultHttpx2Client, OpenAI
from pydantic import BaseModel

ROOT = Path(__file__).resolve().parent.parent
TALE = "옛날 옛적에 할아버지와 할머니가 살고 있었습니다"
HELLO = [{"role": "user", "content": "Hello"}]


class Tale(BaseModel):
    people: list[str]


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    command = [sys.executable, "-m", "demo_model", "--port", "0", "--pace", "0"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as alone:
        assert alone.stdout is not None
        yield alone.stdout.readline().split()[-1]
        alone.terminate()


@pytest.fixture(scope="module")
def openai_client(url: str) -> Iterator[OpenAI]:
    http = DefaultHttpx2Client(trust_env=False)
    with OpenAI(base_url=url, api_key="any", max_retries=0, http_client=http) as client:
        yield client


@pytest.fixture(scope="module")
def hugging_face(url: str) -> Iterator[InferenceClient]:
    with InferenceClient(base_url=url, api_key="any", timeout=30) as client:
        yield client


def test_openai_chat_and_stream(openai_client: OpenAI) -> None:
    chat = openai_client.chat.completions
    whole = chat.create(model="demo", messages=HELLO, temperature=0)
    stream = chat.create(
        model="demo", messages=HELLO, temperature=0, stream=True, stream_options={"include_usage": True}
    )
    chunks = list(stream)
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert text == whole.choices[0].message.content
    assert "not an AI" in text
    assert chunks[-1].usage == whole.usage


def test_openai_parse(openai_client: OpenAI) -> None:
    for messages in ([{"role": "user", "content": TALE}], [{"role": "user", "content": f"json: {TALE}"}]):
        completion = openai_client.chat.completions.parse(model="demo", messages=messages, response_format=Tale)
        assert completion.choices[0].message.parsed == Tale(people=["할아버지", "할머니"])


def test_openai_stream_helper(openai_client: OpenAI) -> None:
    messages = [{"role": "user", "content": TALE}]
    with openai_client.chat.completions.stream(
        model="demo", messages=messages, response_format=Tale, logprobs=True
    ) as stream:
        kinds = {event.type for event in stream}
        completion = stream.get_final_completion()
    assert {"chunk", "content.delta", "content.done", "logprobs.content.delta", "logprobs.content.done"} <= kinds
    assert completion.choices[0].message.parsed == Tale(people=["할아버지", "할머니"])


def test_openai_models_and_errors(openai_client: OpenAI) -> None:
    names = [model.id for model in openai_client.models.list()]
    assert {"demo", "demo-reasoner", "drill-quota"} <= set(names)
    assert openai_client.models.retrieve("demo-retiring").shutdown_date
    with pytest.raises(APIStatusError) as raised:
        openai_client.chat.completions.create(model="drill-quota", messages=HELLO)
    assert (raised.value.status_code, raised.value.code) == (429, "insufficient_quota")


def test_hugging_face_chat_and_stream(hugging_face: InferenceClient) -> None:
    whole = hugging_face.chat_completion(HELLO, model="demo", temperature=0, logprobs=True, top_logprobs=2)
    stream = hugging_face.chat_completion(HELLO, model="demo", temperature=0, stream=True)
    text = "".join(chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices)
    assert text == whole.choices[0].message.content
    assert "".join(entry.token for entry in whole.choices[0].logprobs.content) == text
    assert whole.usage.completion_tokens == len(whole.choices[0].logprobs.content)


def test_hugging_face_tells_of_errors(hugging_face: InferenceClient) -> None:
    with pytest.raises(HfHubHTTPError, match="Only the default"):
        hugging_face.chat_completion(HELLO, model="demo-reasoner", temperature=0.2)
