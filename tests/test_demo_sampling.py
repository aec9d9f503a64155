"""The demo model's sampler, through the door: temperature, top_p, penalties, bias, seed, n and logprobs mean what they
mean at OpenAI."""

import re
import tomllib
from collections import Counter
from math import exp, log
from pathlib import Path
from statistics import fmean
from typing import Any

import httpx2
import pytest
import tiktoken

import demo_model
from tests.demo_requests import body, post, texts

PHRASES = tomllib.loads((Path(demo_model.__file__).parent / "phrases.toml").read_text("utf-8"))
STORIES = {"en": "Tell me a short story", "ko": "짧은 이야기 하나 들려줘"}
QUESTIONS = [*STORIES.values(), "Hello", "안녕", "What is a token?", "온도가 뭐야?", "Who are you?", "긴 이야기 들려줘"]


async def drawn(http: httpx2.AsyncClient, question: str, **parameters: Any) -> list[list[dict[str, Any]]]:
    """The tokens of all ``n`` answers, each with its logprob."""
    completion = await post(http, question, logprobs=True, **parameters)
    return [choice["logprobs"]["content"] for choice in completion["choices"]]


def chances(entry: dict[str, Any]) -> dict[str, float]:
    """The probabilities of the likeliest tokens at one place."""
    return {each["token"]: exp(each["logprob"]) for each in entry["top_logprobs"]}


# --- temperature ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("question", QUESTIONS)
async def test_ten_answers_are_one_at_0_and_at_least_five_at_1(http, question):
    assert len(set(await texts(http, question, n=10, temperature=0))) == 1
    assert len(set(await texts(http, question, n=10, temperature=1, seed=1))) >= 5


def pattern(template: str) -> str:
    """All wordings of a template as a regular expression."""
    parts = re.split(r"(\[[^\[\]|]*(?:\|[^\[\]|]*)+\]|\{\w+\})", template)
    shapes = {"[": lambda part: f"(?:{'|'.join(pattern(way) for way in part[1:-1].split('|'))})", "{": lambda _: ".+?"}
    return "".join(shapes.get(part[:1], re.escape)(part) for part in parts)


def wordings(language: str) -> re.Pattern[str]:
    """All short stories of a language."""
    lines = [f"(?:{'|'.join(map(pattern, ways))})" for ways in PHRASES["short_story"][language]["lines"]]
    return re.compile(" ".join(lines))


@pytest.mark.parametrize("language", STORIES)
async def test_at_1_every_answer_is_a_sentence_of_the_grammar(http, language):
    for text in await texts(http, STORIES[language], n=100, temperature=1, seed=2):
        assert wordings(language).fullmatch(text), text
    greeting = re.compile("|".join(map(pattern, PHRASES[language]["greet"])))
    for text in await texts(http, {"en": "Hello", "ko": "안녕"}[language], n=100, temperature=1, seed=2):
        assert greeting.fullmatch(text), text


@pytest.mark.parametrize("language", STORIES)
async def test_words_leak_in_from_about_1_6(http, language):
    right = {}
    for temperature in (1.3, 1.5, 1.6, 1.8):
        told = await texts(http, STORIES[language], n=40, temperature=temperature, seed=4)
        right[temperature] = sum(wordings(language).fullmatch(text) is not None for text in told)
    assert right == {1.3: 40, 1.5: 40, 1.6: 0, 1.8: 0}


@pytest.mark.parametrize("language", STORIES)
async def test_at_1_8_a_fifth_of_the_tokens_are_from_elsewhere(http, language):
    known = {
        each["token"]
        for answer in await drawn(http, STORIES[language], n=100, temperature=1, seed=3)
        for each in answer
    }
    wild = [
        each["token"]
        for answer in await drawn(http, STORIES[language], n=20, temperature=1.8, seed=3)
        for each in answer
    ]
    assert sum(token not in known for token in wild) >= len(wild) / 5
    assert "\ufffd" not in "".join(await texts(http, STORIES[language], n=20, temperature=1.8, seed=3))


async def test_the_mean_logprob_falls_with_the_temperature(http):
    means = []
    for temperature in (0, 0.5, 1, 1.5, 1.8, 2):
        answers = await drawn(http, STORIES["en"], n=40, temperature=temperature, seed=5)
        means.append(fmean(each["logprob"] for answer in answers for each in answer))
    assert means[0] == 0
    assert means == sorted(means, reverse=True)
    assert len(set(means)) == len(means)


@pytest.mark.parametrize("temperature", [0.25, 0.5, 1.4])
async def test_probabilities_at_a_temperature_are_those_of_1_to_the_power_of_its_inverse(http, temperature):
    first = [
        chances((await drawn(http, STORIES["en"], temperature=each, top_logprobs=20, max_tokens=1))[0][0])
        for each in (1, temperature)
    ]
    powers = {token: chance ** (1 / temperature) for token, chance in first[0].items()}
    expected = {token: power / sum(powers.values()) for token, power in powers.items()}
    assert first[1] == pytest.approx({token: expected[token] for token in first[1]}, rel=0.01)
    assert len(first[1]) > 1


# --- what is told of the draw -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("temperature", [0.7, 1, 1.8])
async def test_logprobs_are_those_of_the_draw(http, temperature):
    for entry in (await drawn(http, STORIES["ko"], temperature=temperature, top_logprobs=20, seed=6))[0]:
        told = chances(entry)
        assert list(told.values()) == sorted(told.values(), reverse=True)
        assert sum(told.values()) <= 1 + 1e-9
        if entry["token"] in told:
            assert exp(entry["logprob"]) == told[entry["token"]]
        else:
            assert len(told) == 20
            assert entry["logprob"] <= log(min(told.values()))


@pytest.mark.parametrize(("language", "temperature"), [("en", 1), ("ko", 1), ("en", 1.7)])
async def test_2000_samples_fit_the_probabilities(http, language, temperature):
    """Pearson's test of the first token: the statistic stays below the 99.9 % quantile of its distribution."""
    counted: Counter[str] = Counter()
    for seed in range(16):
        parameters = {"n": 125, "temperature": temperature, "top_logprobs": 20, "max_tokens": 1, "seed": seed}
        answers = await drawn(http, STORIES[language], **parameters)
        counted.update(answer[0]["token"] for answer in answers)
        told = chances(answers[0][0])
    assert counted.total() == 2000
    # Rare ones, and all that is not among the twenty, count together.
    expected = {token: 2000 * chance for token, chance in told.items() if 2000 * chance >= 5}
    seen = {token: counted[token] for token in expected}
    expected["others"], seen["others"] = 2000 - sum(expected.values()), 2000 - sum(seen.values())
    if expected["others"] < 1e-6:
        assert seen.pop("others") == 0
        del expected["others"]
    statistic = sum((seen[token] - expected[token]) ** 2 / expected[token] for token in expected)
    freedom = len(expected) - 1
    assert freedom >= 1
    # Wilson and Hilferty's approximation of the quantile.
    assert statistic < freedom * (1 - 2 / (9 * freedom) + 3.09 * (2 / (9 * freedom)) ** 0.5) ** 3


async def test_tokens_are_those_of_o200k_base_and_make_up_the_text(http):
    encoding = tiktoken.get_encoding("o200k_base")
    completion = await post(http, "안녕", logprobs=True, temperature=1, seed=7)
    choice = completion["choices"][0]
    entries = choice["logprobs"]["content"]
    assert b"".join(bytes(entry["bytes"]) for entry in entries).decode() == choice["message"]["content"]
    assert all(encoding.encode_single_token(bytes(entry["bytes"])) >= 0 for entry in entries)
    assert completion["usage"]["completion_tokens"] == len(entries)
    assert len(entries) == len(encoding.encode(choice["message"]["content"])), "split as tiktoken splits the whole text"


async def test_streamed_logprobs_are_the_whole_ones(http):
    request = body("Hello", temperature=1, seed=8, logprobs=True, top_logprobs=2)
    whole = (await http.post("/chat/completions", json=request)).json()["choices"][0]["logprobs"]["content"]
    streamed = (await http.post("/chat/completions", json={**request, "stream": True})).text
    chunks = [line.removeprefix("data: ") for line in streamed.split("\n\n") if line.startswith("data: {")]
    told = [httpx2.Response(200, text=chunk).json()["choices"][0]["logprobs"] for chunk in chunks]
    assert [entry for each in told if each for entry in each["content"]] == whole
    assert all(len(entry["top_logprobs"]) <= 2 for entry in whole)


async def test_without_being_asked_for_there_are_no_logprobs(http):
    assert (await post(http, "Hello"))["choices"][0]["logprobs"] is None


async def test_json_is_certain(http):
    answers = await drawn(http, "JSON: Mina is 24", n=5, temperature=2, response_format={"type": "json_object"})
    assert {each["logprob"] for answer in answers for each in answer} == {0}


# --- the other parameters ---------------------------------------------------------------------------------------------


async def test_a_seed_repeats_the_answer_and_each_of_n_is_another_throw(http):
    for temperature in (1, 1.8):
        first, again, other = [
            await texts(http, STORIES["en"], n=5, temperature=temperature, seed=seed) for seed in (9, 9, 10)
        ]
        assert first == again != other
        assert len(set(first)) == 5
    assert len(set(await texts(http, STORIES["en"], n=5, temperature=1))) > 1


async def test_top_p_keeps_the_likeliest_alone(http):
    assert len(set(await texts(http, STORIES["en"], n=10, temperature=2, top_p=0))) == 1
    plain = chances((await drawn(http, STORIES["en"], temperature=1, top_logprobs=20, max_tokens=1))[0][0])
    kept = chances((await drawn(http, STORIES["en"], temperature=1, top_p=0.5, top_logprobs=20, max_tokens=1))[0][0])
    assert list(kept) == list(plain)[: len(kept)]
    assert sum(kept.values()) == pytest.approx(1)
    assert sum(plain[token] for token in kept) >= 0.5 > sum(plain[token] for token in list(kept)[:-1])


async def test_bias_bans_and_prefers(http):
    encoding = tiktoken.get_encoding("o200k_base")
    plain = await texts(http, STORIES["en"], n=20, temperature=1, seed=11)
    assert all(" the" in text for text in plain)
    banned = {str(encoding.encode_single_token(word)): -100 for word in (" the", "The", "the", ".")}
    for text in await texts(http, STORIES["en"], n=20, temperature=1, seed=11, logit_bias=banned):
        tokens = [encoding.decode([token]) for token in encoding.encode(text)]
        assert not {" the", "The", "the", "."} & set(tokens)
    wanted = {str(encoding.encode_single_token(" tea")): 100}
    (text,) = await texts(http, STORIES["en"], temperature=1, logit_bias=wanted)
    assert set(text.split()) == {"tea"}


@pytest.mark.parametrize(
    ("penalties", "once", "twice"),
    [
        ({"frequency_penalty": 1.5}, 1.5, 3.0),
        ({"presence_penalty": 1.5}, 1.5, 1.5),
        ({"frequency_penalty": -1}, -1, -2),
    ],
)
async def test_penalties_are_taken_from_the_logits_of_what_has_been_said(http, penalties, once, twice):
    """Where a token that was said competes with one that was not, the odds change by e to the power of the penalty."""
    tested = 0
    for seed in range(8):
        plain, punished = [
            (await drawn(http, "긴 이야기 들려줘", temperature=1, seed=seed, top_logprobs=20, **each))[0]
            for each in ({}, penalties)
        ]
        used: Counter[str] = Counter()
        for one, other in zip(plain, punished, strict=False):
            before, after = chances(one), chances(other)
            fresh = next((token for token in before if not used[token]), None)
            for token in before.keys() & after.keys():
                if used[token] in (1, 2) and fresh in after:
                    change = log(after[token] / after[fresh]) - log(before[token] / before[fresh])
                    assert change == pytest.approx(-once if used[token] == 1 else -twice)
                    tested += 1
            if one["token"] != other["token"]:
                break
            used[one["token"]] += 1
    assert tested


WRONG_BIASES = [({"x": 1}, "token ids"), ({"999999": 1}, "token ids"), ({"5": 101}, "<= 100"), ({"5": "a"}, "decimal")]


@pytest.mark.parametrize(("bias", "words"), WRONG_BIASES)
async def test_wrong_bias(http, bias, words):
    response = await http.post("/chat/completions", json=body("Hello", logit_bias=bias))
    assert response.status_code == 400
    assert words in response.json()["error"]["message"]


async def test_too_many_biases_are_refused(http):
    response = await http.post("/chat/completions", json=body("Hello", logit_bias={str(n): 1 for n in range(2000)}))
    assert (response.status_code, response.json()["error"]["param"]) == (400, "logit_bias")


async def test_an_answer_of_very_many_choices_comes_to_its_end(http):
    files = "f.txt\n```\nhello there\n```\n" * 300
    assert (await post(http, files, temperature=1))["choices"][0]["finish_reason"] == "stop"
