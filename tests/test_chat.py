"""The core against a real server on loopback: what goes out, what comes in, and every way in which it fails."""

import asyncio
import gc
import gzip
import json
import logging
import sys
from contextlib import aclosing
from dataclasses import replace
from decimal import Decimal

import pytest

from chat_core import (
    ChatError,
    ChatRequest,
    Clocks,
    Completion,
    Connection,
    Finished,
    JsonObject,
    Options,
    ReasoningDelta,
    RefusalDelta,
    Retrying,
    Started,
    TextDelta,
    assistant,
    chat,
    complete,
    provider,
    stream_chat,
    user,
)
from tests import scripted_server as play
from tests.scripted_server import ScriptedServer

pytestmark = pytest.mark.usefixtures("closed_pools")

KEY = "sk-test-1234567890abcdef"
# Patient, so that no busy machine is taken for a silent server. A test about a clock brings its own.
CALM = Clocks(retry_pause=0.01)
HELLO = ChatRequest("scripted-1", (user("Hello"),))
# The async generators that an answer comes through.
OWN = ("stream_chat", "stream", "_attempt")


@pytest.fixture
def server():
    with ScriptedServer() as running:
        yield running


def connection(server: ScriptedServer, **fields) -> Connection:
    return Connection(**{"kind": "custom", "base_url": server.base_url, "api_key": KEY} | fields)


async def collect(server: ScriptedServer, request: ChatRequest = HELLO, clocks: Clocks = CALM):
    """All events, and the error that ended them or None."""
    events = []
    try:
        async with aclosing(stream_chat(connection(server), request, clocks=clocks)) as stream:
            async for event in stream:
                events.append(event)
    except ChatError as error:
        return events, error
    return events, None


def text_of(events) -> str:
    return "".join(event.text for event in events if isinstance(event, TextDelta))


# --- what goes out ---------------------------------------------------------------------------------------------------


async def test_untouched_request_sends_four_fields(server):
    await complete(connection(server), HELLO)
    assert server.requests[0].body == {
        "model": "scripted-1",
        "messages": [{"role": "user", "content": "Hello"}],
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    assert server.requests[0].headers["authorization"] == f"Bearer {KEY}"


async def test_started_holds_exactly_what_was_sent(server):
    request = ChatRequest(
        "scripted-1", (user("a"), assistant("b"), user("c")), persona="Be kind.", options=Options(temperature=0.2)
    )
    events, error = await collect(server, request)
    assert error is None
    assert isinstance(events[0], Started)
    assert events[0].body == server.requests[0].body
    assert [message["role"] for message in events[0].body["messages"]] == ["system", "user", "assistant", "user"]


async def test_environment_does_not_reach_a_visitors_request(server, monkeypatch):
    for name, value in {
        "OPENAI_API_KEY": "sk-owner",
        "OPENAI_ORG_ID": "org-owner",
        "OPENAI_PROJECT_ID": "proj-owner",
        "OPENAI_BASE_URL": "http://127.0.0.1:9",
        "OPENAI_CUSTOM_HEADERS": "X-Owner: yes",
        "HTTP_PROXY": "http://127.0.0.1:9",
        "ALL_PROXY": "http://127.0.0.1:9",
    }.items():
        monkeypatch.setenv(name, value)
    await complete(connection(server, typed=True), HELLO)
    headers = server.requests[0].headers
    assert headers["authorization"] == f"Bearer {KEY}"
    assert not [value for value in headers.values() if "owner" in value]
    assert "x-owner" not in headers


async def test_owners_organization_and_headers_go_along(server):
    owner = connection(server, organization="org-1", project="proj-1", headers=(("X-Team", "blue"),))
    await complete(owner, HELLO)
    headers = server.requests[0].headers
    assert (headers["openai-organization"], headers["openai-project"], headers["x-team"]) == ("org-1", "proj-1", "blue")


async def test_cookies_of_a_server_are_not_kept(server):
    async def with_cookie(exchange):
        await play.reply(200, {"choices": [{"message": {"content": "x"}, "finish_reason": "stop"}]}, set_cookie="s=1")(
            exchange
        )

    server.script = with_cookie
    await complete(connection(server), HELLO)
    await complete(connection(server), HELLO)
    assert "cookie" not in server.requests[1].headers


async def test_lone_surrogates_do_not_stop_a_request(server):
    await complete(connection(server), ChatRequest("scripted-1", (user("a\ud800b"),)))
    assert server.requests[0].body["messages"][0]["content"] == "a?b"


# --- what comes in ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("streamed", [True, False])
async def test_complete_has_what_the_api_has(server, streamed):
    server.script = play.answer("Hel", "lo")
    completion = await complete(connection(server), ChatRequest("gpt-4o-mini", (user("Hi"),), stream=streamed))
    assert completion.text == "Hello"
    assert (completion.id, completion.model, completion.finish_reason) == ("chatcmpl-1", "scripted-1", "stop")
    assert completion.usage.input_tokens == 12
    assert completion.usage.output_tokens == 3
    assert completion.response["choices"][0]["message"]["content"] == "Hello"
    assert (completion.finished.timing.first_token is not None) is streamed
    assert ("stream" in server.requests[0].body) is streamed


async def test_cost_is_priced_by_the_requested_model(server):
    usage = {"prompt_tokens": 1_000_000, "completion_tokens": 1_000_000, "total_tokens": 2_000_000}
    server.script = play.answer("x", usage=usage)
    completion = await complete(connection(server), ChatRequest("gpt-4o-mini", (user("Hi"),)))
    assert completion.finished.cost == Decimal("0.75")


async def test_unknown_price_is_none_and_this_machine_is_free(server):
    unknown = await complete(connection(server), HELLO)
    free = await complete(connection(server, kind="local"), HELLO)
    assert unknown.finished.cost is None
    assert free.finished.cost == 0


async def test_missing_usage_is_estimated(server):
    server.script = play.answer("one two three", usage=None)
    completion = await complete(connection(server), HELLO)
    assert completion.usage.estimated
    assert completion.usage.input_tokens > 0
    assert completion.usage.output_tokens == 3


@pytest.mark.parametrize("output", [None, 0, "3"])
async def test_usage_without_a_count_of_the_answer_is_no_usage(server, output):
    server.script = play.answer("one two three", usage={"prompt_tokens": 12, "completion_tokens": output})
    known = (await complete(connection(server), HELLO)).usage
    assert (known.estimated, known.output_tokens) == (True, 3)


async def test_an_empty_usage_does_not_replace_a_good_one(server):
    good = {"choices": [], "usage": play.USAGE}
    server.script = play.raw(*sse(play.chunk("ab"), STOP, good, {"choices": [], "usage": {}}))
    known = (await complete(connection(server), HELLO)).usage
    assert (known.estimated, known.input_tokens, known.output_tokens) == (False, 12, 3)


async def test_a_refusal_counts_where_usage_is_estimated(server):
    server.script = play.raw(*sse(play.chunk(refusal="I cannot help with that."), STOP))
    known = (await complete(connection(server), HELLO)).usage
    assert known.estimated
    assert known.output_tokens > 3


async def test_details_of_usage(server):
    usage = play.USAGE | {
        "prompt_tokens_details": {"cached_tokens": 5, "image_tokens": 7, "audio_tokens": None},
        "completion_tokens_details": {"reasoning_tokens": 2},
    }
    server.script = play.answer("x", usage=usage)
    known = (await complete(connection(server), HELLO)).usage
    assert (known.cached_tokens, known.image_tokens, known.reasoning_tokens) == (5, 7, 2)


ODD_USAGES = [
    {"prompt_tokens": 12, "completion_tokens": 3, "prompt_tokens_details": [], "completion_tokens_details": "x"},
    {"prompt_tokens": 12, "completion_tokens": 3, "prompt_tokens_details": {"cached_tokens": -5, "image_tokens": "7"}},
    {"prompt_tokens": 12, "completion_tokens": 3, "prompt_tokens_details": {"cached_tokens": 1e9}},
]


@pytest.mark.parametrize("usage", ODD_USAGES)
async def test_odd_details_of_usage_count_for_nothing(server, usage):
    server.script = play.answer("x", usage=usage)
    known = (await complete(connection(server), HELLO)).usage
    assert (known.input_tokens, known.output_tokens) == (12, 3)
    assert (known.cached_tokens, known.image_tokens, known.reasoning_tokens) == (0, None, 0)


@pytest.mark.parametrize("index", [-1, 128, 10**9])
async def test_choices_beyond_the_apis_own_limit_are_not_kept(server, index):
    odd = play.chunk("odd")
    odd["choices"][0]["index"] = index
    server.script = play.raw(*sse(odd, play.chunk("ab"), STOP))
    completion = await complete(connection(server), HELLO)
    assert completion.text == "ab"
    assert list(completion.choices) == [0]


async def test_a_body_without_end_is_ended(server, monkeypatch):
    monkeypatch.setattr(provider, "LARGEST_BODY", 200_000)
    server.script = play.raw(*sse(play.chunk("x")), *(f"data: {'y' * 50_000}" for _ in range(10)))
    events, error = await collect(server)
    assert error is not None
    assert error.kind == "stream_cut"
    assert text_of(events) == "x"


def sse(*chunks) -> tuple[str, ...]:
    return tuple(f"data: {chunk if isinstance(chunk, str) else json.dumps(chunk)}\n\n" for chunk in chunks)


STOP = play.chunk(finish="stop")
ODD_STREAMS = {
    "no usage, no done": (sse(play.chunk("ab"), STOP), "ab"),
    "done without finish reason": (sse(play.chunk("ab"), "[DONE]"), "ab"),
    "carriage returns": (tuple(event.replace("\n", "\r\n") for event in sse(play.chunk("ab"), STOP)), "ab"),
    "no blank after the colon": (("data:" + json.dumps(play.chunk("ab")) + "\n\n", *sse(STOP)), "ab"),
    "comments and names of events": ((": ping\n\n", "event: message\n", *sse(play.chunk("ab"), STOP)), "ab"),
    "null delta, null content, null choices": (
        sse(
            {"choices": [{"index": 0, "delta": None}]},
            {"choices": None},
            play.chunk(None, content=None),
            play.chunk("ab"),
            STOP,
        ),
        "ab",
    ),
    "missing index": (sse({"choices": [{"delta": {"content": "ab"}}]}, STOP), "ab"),
    "empty choices first": (sse({"choices": [], "prompt_filter_results": []}, play.chunk("ab"), STOP), "ab"),
    "content as parts": (sse(play.chunk(None, content=[{"type": "text", "text": "ab"}]), STOP), "ab"),
    "line separators inside": (sse(play.chunk("a\u2028b\u0085c"), STOP), "a\u2028b\u0085c"),
    "a list where an object belongs": (sse([1, 2], play.chunk("ab"), STOP), "ab"),
}


@pytest.mark.parametrize("name", ODD_STREAMS)
async def test_odd_streams_are_read(server, name):
    events, expected = ODD_STREAMS[name]
    server.script = play.raw(*events)
    got, error = await collect(server)
    assert error is None
    assert text_of(got) == expected


async def test_bytes_split_anywhere(server):
    whole = "".join(sse(play.chunk("가나다🙂"), STOP, "[DONE]")).encode()

    async def dribble(exchange):
        await exchange.start()
        for place in range(0, len(whole), 7):
            await exchange.send(whole[place : place + 7])
            await asyncio.sleep(0)
        await exchange.end()

    server.script = dribble
    got, error = await collect(server)
    assert error is None
    assert text_of(got) == "가나다🙂"


async def test_whole_json_instead_of_a_stream_is_an_answer(server):
    choice = {"index": 0, "message": {"role": "assistant", "content": "whole"}, "finish_reason": "stop"}
    server.script = play.reply(200, {"choices": [choice], "usage": play.USAGE})
    got, error = await collect(server)
    assert error is None
    assert text_of(got) == "whole"


async def test_reasoning_refusal_and_several_choices_have_channels_of_their_own(server):
    second = play.chunk("second")
    second["choices"][0]["index"] = 1
    server.script = play.raw(
        *sse(
            play.chunk(None, reasoning_content="hm"), play.chunk(None, reasoning="m"), play.chunk("first"), second, STOP
        )
    )
    got, error = await collect(server)
    completion = Completion()
    for event in got:
        completion = completion.add(event)
    assert error is None
    assert (completion.reasoning, completion.text, completion.choices[1].text) == ("hmm", "first", "second")
    server.script = play.raw(*sse(play.chunk(None, refusal="I can't"), STOP))
    got, error = await collect(server)
    assert error is None
    assert [event for event in got if isinstance(event, RefusalDelta)] == [RefusalDelta("I can't")]
    assert not any(isinstance(event, ReasoningDelta) for event in got)


@pytest.mark.parametrize("finish", ["stop", "length", "content_filter", "tool_calls"])
async def test_finish_reasons_are_ends_and_no_errors(server, finish):
    server.script = play.answer("x", finish=finish)
    got, error = await collect(server)
    assert error is None
    assert isinstance(got[-1], Finished)
    assert got[-1].finish_reason == finish


# --- failures --------------------------------------------------------------------------------------------------------

SHORT_429 = play.error(429, "slow down", "rate_limit_exceeded", retry_after="0.01")
FAILURES = {
    # name: (script, kind, requests that may be made)
    "401": (
        play.error(401, f"Incorrect API key provided: {KEY[:7]}***{KEY[-4:]}", "invalid_api_key"),
        "key_refused",
        1,
    ),
    "402": (play.error(402, "Payment required"), "quota_exceeded", 1),
    "403": (play.error(403, "Country not supported", "unsupported_country"), "access_denied", 1),
    "404 model": (play.error(404, "The model `x` does not exist", "model_not_found"), "model_not_found", 1),
    "404 path": (play.reply(404, "Not Found", "text/plain"), "endpoint_not_found", 1),
    "405 page": (play.reply(405, "<html>no</html>", "text/html"), "bad_request", 1),
    "301": (play.reply(301, "", location="http://127.0.0.1:1/"), "endpoint_not_found", 1),
    "408": (play.error(408, "timeout"), "server_failed", 3),
    "429 rate": (SHORT_429, "rate_limited", 3),
    "429 long": (play.error(429, "slow down", "rate_limit_exceeded", retry_after="60"), "rate_limited", 1),
    "429 quota": (play.error(429, "You exceeded your current quota", "insufficient_quota"), "quota_exceeded", 1),
    "500": (play.error(500, "boom"), "server_failed", 3),
    "502 page": (play.reply(502, "<html>Bad gateway</html>", "text/html"), "server_failed", 3),
    "context": (
        play.error(400, "This model's maximum context length is 8192 tokens", "context_length_exceeded"),
        "context_too_long",
        1,
    ),
    "image": (
        play.error(400, "Invalid content type. image_url is only supported by certain models.", param="messages.[0]"),
        "image_refused",
        1,
    ),
    "400": (play.error(400, "Nonsense"), "bad_request", 1),
    "html": (play.reply(200, "<html>Welcome</html>", "text/html"), "not_chat_completions", 1),
    "other json": (play.reply(200, {"hello": "world"}), "not_chat_completions", 1),
    "empty body": (play.reply(200, ""), "not_chat_completions", 1),
    "json error": (play.reply(200, {"error": {"message": "nope"}}), "server_failed", 3),
    "packed body": (
        play.reply(200, gzip.compress(b"data: " + b" " * 1_000_000), "text/event-stream", content_encoding="gzip"),
        "not_chat_completions",
        1,
    ),
    "empty answer": (play.answer(), "empty_answer", 1),
    "cut": (play.cut_after("Hel", "lo"), "stream_cut", 1),
    "clean end without finish": (play.raw(*sse(play.chunk("Hel"))), "stream_cut", 1),
    "half json": (play.raw(*sse(play.chunk("Hel")), 'data: {"cho\n\n'), "stream_cut", 1),
    "deep json": (play.raw(*sse(play.chunk("Hel")), "data: " + "[" * 100_000 + "\n\n"), "stream_cut", 1),
    "error event": (play.raw(*sse(play.chunk("Hel"), {"error": {"message": "overloaded"}})), "server_failed", 1),
    "error object": (play.raw(*sse({"object": "error", "message": "bad", "code": 400})), "server_failed", 3),
}


@pytest.mark.parametrize("name", FAILURES)
async def test_failures(server, name, caplog):
    caplog.set_level(logging.DEBUG)
    server.script, kind, requests = FAILURES[name]
    events, error = await collect(server)
    assert error is not None
    assert error.kind == kind
    assert len(server.requests) == requests
    shown = f"{error.message} {error.server_words} {error.fields} {caplog.text}"
    assert KEY not in shown
    assert KEY[:7] not in shown
    assert KEY[-4:] not in shown
    assert "Hello" not in caplog.text
    assert not any(isinstance(event, Finished) for event in events)


async def test_a_server_that_sends_nothing_is_not_asked_again(server):
    server.script = play.hold_after()
    events, error = await collect(server, clocks=Clocks(patient_first_token=0.5))
    assert error is not None
    assert (error.kind, error.fields["clock"]) == ("timed_out", "first_token")
    assert len(server.requests) <= 1
    assert [type(event) for event in events] == [Started]


async def test_silence_after_a_word_has_a_clock_of_its_own(server):
    server.script = play.hold_after("Hel")
    events, error = await collect(server, clocks=Clocks(silence=0.3))
    assert error is not None
    assert (error.kind, error.fields["clock"]) == ("timed_out", "silence")
    assert text_of(events) == "Hel"
    assert len(server.requests) == 1


async def test_a_whole_answer_that_was_cut_on_its_way_is_not_paid_for_twice(server):
    async def cut(exchange):
        await exchange.start(200, "application/json")
        await exchange.send('{"object": "chat.completion", "choi')
        await asyncio.sleep(0.05)
        exchange.cut()

    server.script = cut
    _, error = await collect(server, replace(HELLO, stream=False))
    assert error is not None
    assert error.kind == "stream_cut"
    assert len(server.requests) == 1


async def test_partial_text_survives_a_cut(server):
    server.script = play.cut_after("Hel", "lo")
    events, _ = await collect(server)
    assert text_of(events) == "Hello"


async def test_refused_connection(server):
    nobody = Connection("custom", "http://127.0.0.1:9/v1", KEY)
    with pytest.raises(ChatError) as caught:
        await complete(nobody, HELLO, clocks=CALM)
    assert caught.value.kind == "unreachable"
    assert caught.value.fields["host"] == "127.0.0.1:9"


async def test_missing_key_is_told_apart_from_a_wrong_one(server):
    server.script = play.error(401, "You didn't provide an API key")
    with pytest.raises(ChatError) as caught:
        await complete(connection(server, api_key="not-needed"), HELLO, clocks=CALM)
    assert caught.value.kind == "key_missing"


async def test_retry_is_told_and_then_the_answer_comes(server):
    server.script = play.in_turn(SHORT_429, play.answer("ok"))
    events, error = await collect(server)
    assert error is None
    assert [type(event) for event in events] == [Started, Retrying, TextDelta, Finished]
    assert events[1] == Retrying("rate_limited", 0.01, 1, asked=True)


async def test_a_wait_of_our_own_is_not_laid_to_the_server(server):
    server.script = play.in_turn(play.error(429, "slow down", "rate_limit_exceeded"), play.answer("ok"))
    events, error = await collect(server)
    assert error is None
    assert isinstance(events[1], Retrying)
    assert not events[1].asked


async def test_nothing_is_tried_again_after_the_first_token(server):
    server.script = play.in_turn(play.raw(*sse(play.chunk("Hel"), {"error": {"message": "x"}})), play.answer("no"))
    events, error = await collect(server)
    assert error is not None
    assert text_of(events) == "Hel"
    assert len(server.requests) == 1


async def test_keep_alive_comments_do_not_hold_the_clock(server):
    async def keep_alive(exchange):
        await exchange.start()
        while True:
            await exchange.send(": keep-alive\n\n")
            await asyncio.sleep(0.05)

    server.script = keep_alive
    _, error = await collect(server, clocks=Clocks(patient_first_token=0.5))
    assert error is not None
    assert error.fields["clock"] == "first_token"


async def test_whole_answer_clock_ends_an_endless_stream(server):
    async def endless(exchange):
        await exchange.start()
        while True:
            await exchange.event(play.chunk("x"))
            await asyncio.sleep(0.02)

    server.script = endless
    _, error = await collect(server, clocks=Clocks(whole_answer=0.5))
    assert error is not None
    assert error.fields["clock"] == "whole_answer"
    assert await asyncio.to_thread(server.requests[0].closed.wait, 30)


async def test_closing_the_iterator_closes_the_upstream(server):
    server.script = play.hold_after("Hel")
    async with aclosing(stream_chat(connection(server), HELLO)) as events:
        async for event in events:
            if isinstance(event, TextDelta):
                break
    assert await asyncio.to_thread(server.requests[0].closed.wait, 30)


async def test_closing_the_iterator_leaves_none_to_the_garbage_collector(server):
    server.script = play.hold_after("Hel")
    left = []
    hooks = sys.get_asyncgen_hooks()
    sys.set_asyncgen_hooks(finalizer=lambda generator: left.append(generator.__qualname__))
    try:
        async with aclosing(stream_chat(connection(server), HELLO)) as events:
            async for event in events:
                if isinstance(event, TextDelta):
                    break
        del events
        gc.collect()
    finally:
        sys.set_asyncgen_hooks(*hooks)
    assert [name for name in left if name in OWN] == []


async def test_cancelling_a_wait_closes_the_upstream(server):
    server.script = play.hold_after()
    waiting = asyncio.create_task(complete(connection(server), HELLO))
    await asyncio.to_thread(server.asked.wait, 30)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert await asyncio.to_thread(server.requests[0].closed.wait, 30)


async def test_a_burst_hands_the_loop_back(server):
    server.script = play.raw("".join(sse(*[play.chunk(f"{n} ") for n in range(20_000)], STOP)))
    turns = 0

    async def other_chat():
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    other = asyncio.create_task(other_chat())
    got, error = await collect(server, clocks=Clocks())
    other.cancel()
    assert error is None
    assert len(text_of(got).split()) == 20_000
    assert turns > 10


# --- what a model does not take --------------------------------------------------------------------------------------


async def test_refused_parameter_is_left_out_once_and_told(server):
    refusal = play.error(400, "Unsupported parameter: 'temperature' is not supported with this model.")
    server.script = play.in_turn(refusal, play.answer("ok"))
    request = ChatRequest("scripted-1", (user("Hi"),), options=Options(temperature=0.2))
    events, error = await collect(server, request)
    assert error is None
    assert [request.body.get("temperature") for request in server.requests] == [0.2, None]
    assert events[1].adjustments[0].reason == "refused_by_server"
    assert events[1].body == server.requests[1].body


@pytest.mark.parametrize(
    ("message", "param", "options", "gone", "came"),
    [
        (
            "Unsupported parameter: 'max_completion_tokens' ...",
            None,
            {"max_completion_tokens": 5},
            "max_completion_tokens",
            "max_tokens",
        ),
        (
            "Unrecognized request argument supplied: reasoning_effort",
            None,
            {"reasoning_effort": "low"},
            "reasoning_effort",
            None,
        ),
        ("Something odd", "seed", {"seed": 1}, "seed", None),
        ("stream_options is not supported here", None, {}, "stream_options", None),
    ],
)
async def test_adaptations(server, message, param, options, gone, came):
    server.script = play.in_turn(play.error(400, message, param=param), play.answer("ok"))
    _, error = await collect(server, ChatRequest("scripted-1", (user("Hi"),), options=Options(**options)))
    assert error is None
    assert gone not in server.requests[1].body
    assert came is None or came in server.requests[1].body


async def test_a_limit_beyond_the_models_is_told_at_once(server):
    words = "max_tokens is too large: 99999. This model supports at most 16384 completion tokens."
    server.script = play.error(400, words, "invalid_value", param="max_completion_tokens")
    request = ChatRequest("scripted-1", (user("Hi"),), options=Options(max_completion_tokens=99999))
    _, error = await collect(server, request)
    assert error is not None
    assert error.fields["parameter"] == "max_completion_tokens"
    assert "at most 16384" in error.server_words
    assert len(server.requests) == 1


async def test_a_second_refusal_is_an_error(server):
    server.script = play.error(400, "Unsupported parameter: 'temperature' is not supported.")
    request = ChatRequest("scripted-1", (user("Hi"),), options=Options(temperature=0.2))
    _, error = await collect(server, request)
    assert error is not None
    assert error.kind == "parameter_refused"
    assert len(server.requests) == 2


async def test_json_mode_makes_sure_of_the_word(server):
    request = ChatRequest("scripted-1", (user("People?"),), persona="Be brief.", response_format=JsonObject())
    events, _ = await collect(server, request)
    body = server.requests[0].body
    assert body["response_format"] == {"type": "json_object"}
    assert "JSON" in body["messages"][0]["content"]
    assert body["messages"][0]["content"].startswith("Be brief.")
    assert [adjustment.reason for adjustment in events[0].adjustments] == ["json_word_added"]


async def test_fifty_at_once_each_get_their_own(server):
    async def echo(exchange):
        word = exchange.body["messages"][0]["content"]
        key = exchange.headers["authorization"]
        await play.answer(word, " ", key, pause=0.01)(exchange)

    server.script = echo

    async def one(number: int) -> tuple[str, str]:
        mine = connection(server, api_key=f"key-{number}")
        request = ChatRequest("scripted-1", (user(f"word-{number}"),))
        return f"word-{number} Bearer key-{number}", (await complete(mine, request)).text

    for expected, got in await asyncio.gather(*(one(number) for number in range(50))):
        assert got == expected


SECRET = "AIzaOWNERKEY-0123456789abcdefgh"


@pytest.mark.parametrize(
    "script",
    [
        play.raw(*sse(play.chunk("Hel"), {"error": {"message": f"Your key {SECRET} is bad"}})),
        play.error(400, "Odd", param=SECRET),
        play.error(400, f"masked: {SECRET[:10]}****{SECRET[-8:]}"),
        play.error(403, f"no: {SECRET}"),
    ],
)
async def test_no_part_of_a_key_of_any_form_is_told(server, script, caplog):
    server.script = script
    with pytest.raises(ChatError) as caught:
        await complete(connection(server, api_key=SECRET), HELLO, clocks=CALM)
    error = caught.value
    told = f"{error.message} {error.server_words} {error.fields} {error.request_id} {caplog.text}"
    assert SECRET[:6] not in told
    assert SECRET[-4:] not in told


@pytest.mark.parametrize("name", [SECRET, "two\u00a0words", "x" * 200, "<b>"])
async def test_a_request_id_that_is_no_name_is_not_told(server, name, caplog):
    async def named(exchange):
        await exchange.start(500, "application/json", x_request_id=name)
        await exchange.end()

    server.script = named
    with pytest.raises(ChatError) as caught:
        await complete(connection(server, api_key=SECRET), HELLO, clocks=CALM)
    assert caught.value.request_id is None
    assert name not in caplog.text


async def test_a_packed_error_body_is_not_unpacked(server):
    bomb = gzip.compress(b" " * 100_000_000)
    server.script = play.reply(400, bomb, content_encoding="gzip")
    _, error = await collect(server)
    assert error is not None
    assert error.kind == "bad_request"
    assert error.__context__ is None


@pytest.mark.parametrize("charset", ["hex", "zlib", "nonsense"])
async def test_odd_charsets_of_an_error_are_no_error_of_ours(server, charset):
    server.script = play.reply(400, {"error": {"message": "Nonsense"}}, f"application/json; charset={charset}")
    _, error = await collect(server)
    assert error is not None
    assert error.kind == "bad_request"


async def test_halves_of_letters_are_put_together(server):
    pieces = ("a\\ud83d", "\\ude42b", "\\udc00")
    halves = ['{"choices": [{"index": 0, "delta": {"content": "' + piece + '"}}]}' for piece in pieces]
    server.script = play.raw(*sse(*halves, STOP))
    got, error = await collect(server)
    assert error is None
    assert text_of(got) == "a🙂b\ufffd"


# --- blanks without end ----------------------------------------------------------------------------------------------


async def test_blanks_without_end_in_a_json_answer_are_cut(server):
    server.script = play.hold_after('{"a":', *["\n" * 50] * 4)
    events, error = await collect(server, replace(HELLO, response_format=JsonObject()))
    assert error is not None
    assert (error.kind, error.fields["count"]) == ("blanks_only", 200)
    assert text_of(events) == '{"a":' + "\n" * 200
    assert await asyncio.to_thread(server.requests[0].closed.wait, 30), "the upstream was left"


@pytest.mark.parametrize("response_format", [JsonObject(), None])
async def test_blanks_between_words_are_no_end(server, response_format):
    server.script = play.answer(*[" " * 150 + "x", " " * 199 + "y"])
    events, error = await collect(server, replace(HELLO, response_format=response_format))
    assert error is None
    assert len(text_of(events)) == 351


async def test_blanks_are_nothing_to_cut_in_plain_text(server):
    server.script = play.answer("x", " " * 500, "y")
    events, error = await collect(server)
    assert error is None
    assert len(text_of(events)) == 502


async def test_the_demo_model_is_not_waited_for_as_long_as_others(server, monkeypatch):
    monkeypatch.setattr(chat, "DEMO_SECONDS", 0.5)
    server.script = play.hold_after("Hel")
    with pytest.raises(ChatError) as raised:
        await complete(connection(server, kind="demo"), HELLO)
    assert (raised.value.kind, raised.value.fields["seconds"]) == ("timed_out", 0.5)
