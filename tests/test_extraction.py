"""Extraction against servers that answer as they like: data or a sentence each time, and no request too many."""

import asyncio
import json
from contextlib import aclosing
from decimal import Decimal
from typing import Any

import pytest
from pydantic import BaseModel

from chat_core import ChatError, Clocks, Connection, Extraction, ImagePart, Options, Started, TextDelta, extract, user
from chat_core.errors import KeyRefused, ServerFailed, StreamCut
from chat_core.extract_task import Step
from chat_core.extracting import find, load_presets
from chat_core.extraction import Asked, Asking, SteppedDown, TotalCharge, extract_stream
from chat_core.field_table import Field, schema_of
from chat_core.json_output import Problem, source_words
from chat_core.personas import LANGUAGES
from chat_core.schemas import strict_problems, validate
from tests import scripted_server as play
from tests.scripted_server import Script, ScriptedServer

pytestmark = pytest.mark.usefixtures("closed_pools")

CALM = Clocks(retries=0, retry_pause=0.01)
SCHEMA = schema_of([Field("name"), Field("age", "integer", required=False)])
GOOD = '{"name": "Anna", "age": 31}'
ANNA = {"name": "Anna", "age": 31}


@pytest.fixture
def server():
    with ScriptedServer() as running:
        yield running


def connection(server: ScriptedServer, **fields: Any) -> Connection:
    return Connection(**{"kind": "custom", "base_url": server.base_url, "api_key": "k"} | fields)


async def ask(server: ScriptedServer, *scripts: Script, schema: Any = SCHEMA, **how: Any) -> Extraction:
    server.script = play.in_turn(*scripts)
    how = {"model": "gpt-4o-mini", "clocks": CALM} | how
    return await extract(connection(server), "Anna is 31.", schema, **how)


def bodies(server: ScriptedServer) -> list[dict[str, Any]]:
    return [request.body for request in server.requests]


def formats(server: ScriptedServer) -> list[str]:
    return [body.get("response_format", {}).get("type", "none") for body in bodies(server)]


def kinds(extraction: Extraction) -> list[str]:
    return [problem.kind if isinstance(problem, Problem) else problem.rule for problem in extraction.problems]


# --- what goes out ---------------------------------------------------------------------------------------------------


async def test_a_schema_goes_out_made_strict_and_the_data_keeps_it_as_it_was_given(server):
    extraction = await ask(server, play.answer('{"name": "Anna", "age": null}'), instructions="Only people.")
    (body,) = bodies(server)
    sent = body["response_format"]["json_schema"]
    assert (sent["name"], sent["strict"], strict_problems(sent["schema"])) == ("extraction", True, ())
    assert sent["schema"]["properties"]["age"] == {"type": ["integer", "null"]}
    system, message = body["messages"]
    assert system["role"] == "system"
    assert system["content"].endswith("\n\nOnly people.")
    assert "JSON Schema" not in system["content"]
    assert message == {"role": "user", "content": "Anna is 31."}
    assert (extraction.data, extraction.problems, extraction.valid) == ({"name": "Anna"}, (), True)
    assert (extraction.step, extraction.strict, extraction.schema) == ("json_schema", True, sent["schema"])


async def test_a_schema_that_cannot_be_strict_goes_out_as_it_is_and_that_is_told(server):
    schema = {
        "title": "Free keys!",
        "type": "object",
        "properties": {"words": {"type": "object"}},
        "required": ["words"],
    }
    extraction = await ask(server, play.answer('{"words": {"a": 1}}'), schema=schema)
    sent = bodies(server)[0]["response_format"]["json_schema"]
    assert sent == {"name": "Free_keys", "schema": schema, "strict": False}
    assert (extraction.data, extraction.valid, extraction.strict) == ({"words": {"a": 1}}, True, False)
    assert [problem.rule for problem in extraction.schema_problems] == ["free_object"]


async def test_strictness_can_be_declined(server):
    extraction = await ask(server, play.answer(GOOD), strict=False)
    sent = bodies(server)[0]["response_format"]["json_schema"]
    assert (sent["strict"], sent["schema"], extraction.strict) == (False, SCHEMA, False)
    assert extraction.schema_problems == ()


@pytest.mark.parametrize("answer", ['{"value": ["Anna"]}', '["Anna"]'])
async def test_an_array_root_is_wrapped_on_the_wire_and_not_in_the_data(server, answer):
    extraction = await ask(server, play.answer(answer), schema={"type": "array", "items": {"type": "string"}})
    assert bodies(server)[0]["response_format"]["json_schema"]["schema"]["properties"].keys() == {"value"}
    assert (extraction.data, extraction.valid, len(server.requests)) == (["Anna"], True, 1)


async def test_a_pydantic_model_says_its_own_schema(server):
    class Person(BaseModel):
        name: str
        age: int = 0

    extraction = await ask(server, play.answer('{"name": "Anna", "age": null}'), schema=Person)
    assert bodies(server)[0]["response_format"]["json_schema"]["name"] == "Person"
    assert Person.model_validate(extraction.data) == Person(name="Anna")


async def test_without_a_schema_any_object_will_do(server):
    extraction = await ask(server, play.answer(GOOD), schema=None)
    assert formats(server) == ["json_object"]
    assert "JSON" in bodies(server)[0]["messages"][0]["content"]
    assert (extraction.data, extraction.step, extraction.schema, extraction.adjustments) == (
        ANNA,
        "json_object",
        None,
        (),
    )


async def test_pictures_and_options_go_along_into_the_repair_round_too(server):
    picture = ImagePart(b"\x89PNG", "image/png", 64, 48)
    server.script = play.in_turn(play.answer("{}"), play.answer(GOOD))
    extraction = await extract(
        connection(server),
        ["Who?", picture],
        SCHEMA,
        model="gpt-4o-mini",
        options=Options(temperature=0),
        detail="low",
        stream=False,
        clocks=CALM,
    )
    for body in bodies(server):
        assert [part["type"] for part in body["messages"][1]["content"]] == ["text", "image_url"]
        assert body["messages"][1]["content"][1]["image_url"]["detail"] == "low"
        assert body["temperature"] == 0
        assert "stream" not in body
    assert (extraction.data, extraction.repaired) == (ANNA, True)


# --- what comes in ---------------------------------------------------------------------------------------------------

DEEP = "[" * 100_000

ANSWERS: dict[str, tuple[list[Script], Any, list[str], int, str]] = {
    "plain": ([play.answer(GOOD)], ANNA, [], 1, "plain"),
    "a fence": ([play.answer(f"```json\n{GOOD}\n```")], ANNA, [], 1, "fenced"),
    "prose around": ([play.answer(f"Sure! {GOOD} Anything else?")], ANNA, [], 1, "embedded"),
    "a trailing comma, then right": ([play.answer(GOOD[:-1] + ",}"), play.answer(GOOD)], ANNA, [], 2, "plain"),
    "a trailing comma, always": ([play.answer(GOOD[:-1] + ",}")], None, ["not_json"], 2, "plain"),
    "half, by the token limit": ([play.answer(GOOD[:12], finish="length")], None, ["cut"], 1, "plain"),
    "nothing, by the token limit": ([play.answer(finish="length")], None, ["cut"], 1, "plain"),
    "half, filtered": ([play.answer(GOOD[:12], finish="content_filter")], None, ["content_filter"], 1, "plain"),
    "half, and no finish reason": ([play.answer(GOOD[:12], finish=None)], None, ["cut"], 1, "plain"),
    "half, by the model, then right": ([play.answer(GOOD[:12]), play.answer(GOOD)], ANNA, [], 2, "plain"),
    "whole, at the token limit": ([play.answer(GOOD, finish="length")], ANNA, [], 1, "plain"),
    "blanks without end": ([play.answer("{", *[" " * 10] * 400)], None, ["blanks"], 1, "plain"),
    "a few blanks": ([play.answer("  \n ")], None, ["blanks"], 1, "plain"),
    "nothing": ([play.answer()], None, ["empty"], 1, "plain"),
    "100,000 arrays": ([play.answer(DEEP)], None, ["too_deep"], 2, "plain"),
    "NaN": ([play.answer('{"name": "Anna", "age": NaN}')], None, ["not_finite"], 2, "plain"),
    "a key twice": ([play.answer('{"name": "Tom", "name": "Anna"}')], {"name": "Anna"}, ["duplicate_key"], 2, "plain"),
    "an array root": ([play.answer(f"[{GOOD}]")], [ANNA], ["type"], 2, "plain"),
    "an array root, then right": ([play.answer(f"[{GOOD}]"), play.answer(GOOD)], ANNA, [], 2, "plain"),
    "two objects": ([play.answer(GOOD + '\n{"name": "Tom"}')], ANNA, ["trailing_text"], 2, "plain"),
    "a wrong type, then right": (
        [play.answer('{"name": "Anna", "age": "31"}'), play.answer(GOOD)],
        ANNA,
        [],
        2,
        "plain",
    ),
    "prose alone": ([play.answer("I do not know any Anna.")], None, ["not_json"], 2, "plain"),
    "worse the second time": (
        [play.answer('{"name": "Anna", "age": "x"}'), play.answer("Sorry!")],
        {"name": "Anna", "age": "x"},
        ["type"],
        2,
        "plain",
    ),
}


# Without streaming an answer that has no end is an error of its own.
ONLY_STREAMED = "half, and no finish reason"
WAYS = [(name, streamed) for name in ANSWERS for streamed in (True, False) if streamed or name != ONLY_STREAMED]


@pytest.mark.parametrize(("name", "streamed"), WAYS)
async def test_data_or_a_sentence_and_the_right_number_of_requests(server, name, streamed):
    scripts, data, problems, requests, way = ANSWERS[name]
    extraction = await ask(server, *scripts, stream=streamed)
    assert (extraction.data, kinds(extraction), extraction.way) == (data, problems, way)
    assert len(server.requests) == len(extraction.requests) == requests
    assert extraction.valid is (not problems)
    assert extraction.repaired is (requests == 2)
    assert extraction.usage.input_tokens > 0
    assert extraction.cost is not None
    assert formats(server) == ["json_schema"] * requests


async def test_a_refusal_is_a_problem_in_the_models_words(server):
    async def refuse(exchange):
        await exchange.start()
        await exchange.event(play.chunk(None, refusal="I cannot help with that."))
        await exchange.event(play.chunk(finish="stop"))
        await exchange.event("[DONE]")
        await exchange.end()

    extraction = await ask(server, refuse)
    assert extraction.problems == (Problem("refused", values={"words": "I cannot help with that."}),)
    assert (extraction.data, len(server.requests)) == (None, 1)


async def test_what_was_cut_tells_its_limit_and_where(server):
    extraction = await ask(
        server, play.answer('{"name":\n"An', finish="length"), options=Options(max_completion_tokens=7)
    )
    assert extraction.problems == (Problem("cut", 2, 4, 12, {"finish_reason": "length", "limit": 7}),)
    assert extraction.raw == '{"name":\n"An'


async def test_endless_blanks_are_ended_at_the_server_and_priced(server):
    extraction = await ask(server, play.hold_after("{", *["\n"] * 200))
    assert await asyncio.to_thread(server.requests[0].closed.wait, 30)
    (problem,) = extraction.problems
    assert isinstance(problem, Problem)
    assert (problem.kind, problem.values["count"]) == ("blanks", 200)
    assert extraction.usage.estimated
    assert extraction.cost


# --- the ladder ------------------------------------------------------------------------------------------------------

NO_SCHEMA = play.error(
    400, "Invalid parameter: 'response_format' of type 'json_schema' is not supported.", None, "response_format"
)
NO_JSON = play.error(400, "response_format json_object is not supported by this model")
WORDED = play.error(400, "json_schema: unknown variant")
GRAMMAR = play.error(400, "Failed to parse grammar")


def takes(*known: str) -> Script:
    """A server that takes these kinds of response_format, and no other."""

    async def script(exchange):
        kind = exchange.body.get("response_format", {}).get("type", "none")
        refusal = play.error(400, f"Unknown variant {kind} of response_format")
        await (play.answer(GOOD) if kind in known else refusal)(exchange)

    return script


@pytest.mark.parametrize("refusal", [NO_SCHEMA, WORDED, GRAMMAR])
async def test_no_json_schema_a_step_down_with_the_schema_in_the_prompt(server, refusal):
    extraction = await ask(server, refusal, play.answer(GOOD))
    assert formats(server) == ["json_schema", "json_object"]
    assert json.dumps(extraction.schema) in bodies(server)[1]["messages"][0]["content"]
    assert (extraction.data, extraction.step, extraction.strict) == (ANNA, "json_object", False)
    assert [(asked.step, asked.error != "") for asked in extraction.requests] == [
        ("json_schema", True),
        ("json_object", False),
    ]
    # What was refused is not paid for.
    assert extraction.usage == extraction.requests[1].usage
    assert extraction.cost == extraction.requests[1].cost


@pytest.mark.parametrize("no_json", [NO_JSON, play.error(400, "No.", None, "response_format")])
async def test_no_json_mode_at_all_two_steps_down(server, no_json):
    extraction = await ask(server, NO_SCHEMA, no_json, play.answer(f"Here you are:\n```\n{GOOD}\n```"))
    assert formats(server) == ["json_schema", "json_object", "none"]
    assert (extraction.data, extraction.step, extraction.way) == (ANNA, "prompt", "fenced")
    assert [asked.step for asked in extraction.requests] == ["json_schema", "json_object", "prompt"]
    assert [asked.error != "" for asked in extraction.requests] == [True, True, False]


@pytest.mark.parametrize(
    ("first_step", "asked"),
    [
        ("json_schema", ["json_schema", "json_object", "none"]),
        ("json_object", ["json_object", "none"]),
        ("prompt", ["none"]),
    ],
)
async def test_what_the_server_is_known_to_take_is_not_asked_again(server, first_step: Step, asked):
    extraction = await ask(server, takes("none"), first_step=first_step)
    assert formats(server) == asked
    assert (extraction.data, extraction.step) == (ANNA, "prompt")


async def test_a_repair_round_stays_on_the_step_that_was_taken(server):
    extraction = await ask(server, WORDED, play.answer("no"), play.answer(GOOD))
    assert formats(server) == ["json_schema", "json_object", "json_object"]
    assert [asked.purpose for asked in extraction.requests] == ["ask", "ask", "repair"]
    assert extraction.data == ANNA


@pytest.mark.parametrize(
    "refusal",
    [
        play.error(401, "Incorrect API key provided."),
        play.error(400, "This model's maximum context length is 8192 tokens.", "context_length_exceeded"),
        play.error(400, "Something else is wrong."),
        play.error(404, "The model `x` does not exist.", "model_not_found"),
        play.error(429, "Slow down"),
        play.error(500, "response_format made me fail"),
    ],
)
async def test_any_other_refusal_is_no_step_down(server, refusal):
    with pytest.raises(ChatError) as caught:
        await ask(server, refusal)
    assert (len(server.requests), caught.value.charge) == (1, None)


async def test_a_parameter_that_is_refused_is_left_out_and_the_step_kept(server):
    no_seed = play.error(400, "Unsupported parameter: 'seed' is not supported with this model.", None, "seed")
    extraction = await ask(server, no_seed, play.answer(GOOD), options=Options(seed=1))
    assert formats(server) == ["json_schema", "json_schema"]
    assert [(told.parameter, told.reason) for told in extraction.adjustments] == [("seed", "refused_by_server")]
    assert [asked.error for asked in extraction.requests] == ["parameter_refused", ""]


# --- the repair round ------------------------------------------------------------------------------------------------


async def test_the_repair_round_holds_the_answer_and_the_validators_words_and_is_paid(server):
    wrong = '{"name": "Anna", "age": "31"}'
    extraction = await ask(server, play.answer(wrong), play.answer(GOOD))
    _, _, answer, complaint = bodies(server)[1]["messages"]
    assert answer == {"role": "assistant", "content": wrong}
    assert "/age: '31' is not of type 'integer'" in complaint["content"]
    assert (extraction.usage.input_tokens, extraction.usage.output_tokens) == (24, 6)
    assert extraction.cost == sum((asked.cost or Decimal(0) for asked in extraction.requests), Decimal(0))


async def test_the_repair_round_names_the_place_of_an_error(server):
    await ask(server, play.answer('{"name": "Anna",\n}'), play.answer(GOOD))
    assert "not JSON at line 2, column 1" in bodies(server)[1]["messages"][-1]["content"]


async def test_a_huge_answer_is_not_sent_back_whole(server):
    await ask(server, play.answer(DEEP))
    assert len(server.requests[1].raw) < 60_000


async def test_the_repair_round_can_be_declined(server):
    extraction = await ask(server, play.answer("no"), repair=False)
    assert (kinds(extraction), len(server.requests)) == (["not_json"], 1)


async def test_a_repair_round_that_fails_keeps_the_first_answer_and_its_price(server):
    wrong = '{"name": "Anna", "age": "31"}'
    extraction = await ask(server, play.answer(wrong), play.error(500, "Sorry"))
    assert extraction.data == {"name": "Anna", "age": "31"}
    assert kinds(extraction) == ["type", "repair_failed"]
    assert extraction.problems[-1] == Problem("repair_failed", values={"error": ServerFailed.kind})
    assert (extraction.usage.total_tokens, len(server.requests)) == (15, 2)


async def test_what_could_not_be_checked_is_told_and_not_asked_for_again(server):
    schema = {"type": "object", "properties": {"name": {"type": "string", "pattern": "(a|aa)+$"}}, "required": ["name"]}
    extraction = await ask(server, play.answer(json.dumps({"name": "a" * 3000 + "b"})), schema=schema)
    assert (kinds(extraction), extraction.valid, len(server.requests)) == (["not_checked"], True, 1)


# --- money and events ------------------------------------------------------------------------------------------------


async def test_an_unknown_price_is_unknown(server):
    extraction = await ask(server, play.answer(GOOD), model="nobody-knows-1")
    assert (extraction.cost, extraction.usage.total_tokens) == (None, 15)


async def test_what_was_paid_before_an_error_is_told_with_it(server):
    with pytest.raises(StreamCut) as caught:
        await ask(server, play.cut_after('{"name": "An'))
    charge = caught.value.charge
    assert isinstance(charge, TotalCharge)
    assert (charge.requests, charge.usage.estimated, charge.usage.output_tokens > 0) == (1, True, True)
    assert charge.cost


async def test_nothing_was_paid_where_nothing_was_written(server):
    with pytest.raises(KeyRefused) as caught:
        await ask(server, play.error(401, "Incorrect API key provided."))
    assert caught.value.charge is None


async def test_events_come_in_their_order(server):
    server.script = play.in_turn(WORDED, play.answer("no"), play.answer(*GOOD))
    events = []
    stream = extract_stream(connection(server), user("Anna is 31.").parts, SCHEMA, model="m", clocks=CALM)
    async with aclosing(stream) as coming:
        async for event in coming:
            events.append(event)
    told = [event for event in events if isinstance(event, Asking | SteppedDown)]
    assert told == [
        Asking(1, "json_schema", "ask"),
        SteppedDown("json_schema", "json_object", "json_schema: unknown variant"),
        Asking(2, "json_object", "ask"),
        Asking(3, "json_object", "repair"),
    ]
    assert [event.body for event in events if isinstance(event, Started)] == bodies(server)
    assert "".join(event.text for event in events if isinstance(event, TextDelta)) == "no" + GOOD
    assert isinstance(events[-1], Extraction)
    assert all(isinstance(asked, Asked) for asked in events[-1].requests)


async def test_closing_the_iterator_ends_the_request(server):
    server.script = play.hold_after('{"name"')
    stream = extract_stream(connection(server), "Anna", SCHEMA, model="m", clocks=CALM)
    async with aclosing(stream) as events:
        async for event in events:
            if isinstance(event, TextDelta):
                break
    assert await asyncio.to_thread(server.requests[0].closed.wait, 30)


# --- the presets -----------------------------------------------------------------------------------------------------


def test_every_preset_is_found_and_has_both_languages() -> None:
    presets = load_presets()
    assert [preset.id for preset in presets] == [
        "people",
        "contact",
        "invoice",
        "minutes",
        "review",
        "cv",
        "event",
        "recipe",
        "table",
    ]
    assert all(find(preset.id) is preset for preset in presets)
    assert find("nothing") is None
    for preset in presets:
        for text in (preset.name, preset.instructions, preset.example):
            assert text.ko != text.en
            assert text.ko
            assert text.en
        ko, en = preset.fields("ko"), preset.fields("en")
        assert [field.name for field in ko] == [field.name for field in en]
        assert all(one.description and two.description for one, two in zip(ko, en, strict=True))
        assert all(part.isidentifier() and part.islower() for field in ko for part in field.name.split("."))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("preset", load_presets(), ids=lambda preset: preset.id)
async def test_the_demo_model_fills_every_preset(demo_url, preset, language):
    schema, text = schema_of(preset.fields(language)), preset.example.text(language)
    demo = Connection(kind="demo", base_url=demo_url, api_key="demo")
    extraction = await extract(demo, text, schema, model="demo", instructions=preset.instructions.text(language))
    assert (extraction.problems, extraction.valid, extraction.step) == ((), True, "json_schema")
    assert (extraction.strict, len(extraction.requests), extraction.cost) == (True, 1, Decimal(0))
    assert validate(extraction.data, schema) == ()
    assert source_words(extraction.data, text)
