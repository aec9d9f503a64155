"""Request body -> ``Call``, or the error that the OpenAI API would answer with. Opens pictures: use a thread."""

import json
import math
from typing import Any

from demo_model import errors, format_checks, message_checks, tokens
from demo_model.call import Call, Sampling
from demo_model.errors import ApiError
from demo_model.family import EFFORTS, MODELS, Effort, Model

# name: (whole number, lowest, highest). Source: openai/types/chat/completion_create_params.py; n as the API answers.
_NUMBERS: dict[str, tuple[bool, float, float]] = {
    "temperature": (False, 0, 2),
    "top_p": (False, 0, 1),
    "presence_penalty": (False, -2, 2),
    "frequency_penalty": (False, -2, 2),
    "n": (True, 1, 128),
    "seed": (True, -(2**63), 2**63 - 1),
    "max_tokens": (True, 1, math.inf),
    "max_completion_tokens": (True, 1, math.inf),
    "top_logprobs": (True, 0, 20),
}
_SWITCHES = ("stream", "logprobs", "store", "parallel_tool_calls")
_READ_ELSEWHERE = ("model", "messages", "stop", "stream_options", "response_format", "logit_bias")
# Of no consequence for an answer that is made here.
_TAKEN_AND_IGNORED = (
    "user", "metadata", "service_tier", "safety_identifier", "prompt_cache_key", "prompt_cache_options",
    "prompt_cache_retention", "prediction",
)  # fmt: skip
_NOT_OF_THIS_MODEL = (
    "tools", "tool_choice", "functions", "function_call", "audio", "web_search_options", "moderation", "modalities",
)  # fmt: skip
_MOST_BIASES = 1024
"""Each of them is weighed at every token."""

# Of a reasoning model: what it does not take at all, and what it takes at one value only. Sources: FACTS of the API's
# answers to o-series and gpt-5 requests (OpenAI guide "Reasoning models").
_NOT_OF_REASONERS = (
    "top_p", "presence_penalty", "frequency_penalty", "logprobs", "top_logprobs", "logit_bias", "stop",
)  # fmt: skip
_KNOWN = {*_NUMBERS, *_SWITCHES, *_READ_ELSEWHERE, *_TAKEN_AND_IGNORED}


def read_call(body: bytes) -> Call:
    """Check everything that the answer depends on. Raises ApiError.

    A parameter that is null counts as absent, as with the API.
    """
    given = _parsed(body)
    model = _model(given)
    for name in given:
        if name in _NOT_OF_THIS_MODEL:
            raise errors.unsupported_parameter(name)
        if name not in _KNOWN and not (model.reasons and name == "reasoning_effort"):
            raise ApiError(f"Unrecognized request argument supplied: {name[:100]}")
    if model.reasons:
        _check_for_reasoner(given)
    turns = message_checks.read_messages(given.get("messages"), pictures_taken=model.sees)
    numbers = {name: _number(given[name], name, *rule) for name, rule in _NUMBERS.items() if name in given}
    switches = {name: _switch(given[name], name) for name in _SWITCHES if name in given}
    if "max_tokens" in numbers and "max_completion_tokens" in numbers:
        raise ApiError(
            "Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported.",
            code="invalid_parameter_combination",
        )
    if "top_logprobs" in numbers and not switches.get("logprobs"):
        raise ApiError("The 'top_logprobs' parameter is only allowed when 'logprobs' is enabled.", param="top_logprobs")
    stream = switches.get("stream", False)
    limit = numbers.get("max_completion_tokens", numbers.get("max_tokens"))
    seed = numbers.get("seed")
    return Call(
        model=model,
        turns=turns,
        sampling=Sampling(
            temperature=numbers.get("temperature", 1.0),
            top_p=numbers.get("top_p", 1.0),
            presence_penalty=numbers.get("presence_penalty", 0.0),
            frequency_penalty=numbers.get("frequency_penalty", 0.0),
            logit_bias=_logit_bias(given.get("logit_bias")),
            seed=None if seed is None else int(seed),
        ),
        n=int(numbers.get("n", 1)),
        stop=_stop(given.get("stop")),
        limit=None if limit is None else int(limit),
        effort=_effort(given.get("reasoning_effort")),
        top_logprobs=int(numbers.get("top_logprobs", 0)) if switches.get("logprobs") else None,
        answer_format=format_checks.read_format(given.get("response_format"), turns),
        stream=stream,
        include_usage=_include_usage(given.get("stream_options"), stream=stream),
    )


def _parsed(body: bytes) -> dict[str, Any]:
    try:
        given = json.loads(body, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise ApiError(
            "We could not parse the JSON body of your request. (HINT: This likely means you aren't using your HTTP "
            "library correctly. The OpenAI API expects a JSON payload, but what was sent was not valid JSON.)"
        ) from error
    if not isinstance(given, dict):
        raise errors.wrong_type("body", "an object", given)
    return {name: value for name, value in given.items() if value is not None}


def _refuse_constant(name: str) -> None:
    """Python reads NaN and Infinity, which JSON does not have."""
    raise ValueError(name)


def _model(given: dict[str, Any]) -> Model:
    if "model" not in given:
        raise ApiError("you must provide a model parameter")
    if not isinstance(given["model"], str):
        raise errors.wrong_type("model", "a string", given["model"])
    if given["model"] not in MODELS:
        raise errors.unknown_model(given["model"])
    return MODELS[given["model"]]


def _check_for_reasoner(given: dict[str, Any]) -> None:
    for name in _NOT_OF_REASONERS:
        if name in given:
            raise errors.unsupported_parameter(name)
    if "max_tokens" in given:
        raise errors.unsupported_parameter("max_tokens", instead="max_completion_tokens")
    temperature = given.get("temperature", 1)
    if temperature != 1:
        raise errors.unsupported_value("temperature", temperature, "Only the default (1) value is supported.")


def _effort(value: Any) -> Effort:
    if value is None:
        return "medium"
    found = next((effort for effort in EFFORTS if effort == value), None)
    if found is None:
        names = ", ".join(f"'{effort}'" for effort in EFFORTS[:-1])
        raise errors.unsupported_value(
            "reasoning_effort", value, f"Supported values are: {names}, and '{EFFORTS[-1]}'."
        )
    return found


def _number(value: Any, name: str, whole: bool, lowest: float, highest: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int if whole else int | float):
        raise errors.wrong_type(name, "an integer" if whole else "a decimal", value)
    if value < lowest:
        raise errors.out_of_range(name, value, lowest, above=False, whole=whole)
    if value > highest:
        raise errors.out_of_range(name, value, highest, above=True, whole=whole)
    return value


def _switch(value: Any, name: str) -> bool:
    if not isinstance(value, bool):
        raise errors.wrong_type(name, "a boolean", value)
    return value


def _stop(value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise errors.wrong_type("stop", "a string or an array of strings", value)
    if len(texts) > 4:
        raise ApiError(
            "Invalid 'stop': array too long. Expected an array with maximum length 4, but got an array with length "
            f"{len(texts)} instead.",
            param="stop",
            code="array_above_max_length",
        )
    return tuple(text for text in texts if text)


def _include_usage(value: Any, *, stream: bool) -> bool:
    if value is None:
        return False
    if not stream:
        raise ApiError(
            "The 'stream_options' parameter is only allowed when 'stream' is enabled.", param="stream_options"
        )
    if not isinstance(value, dict):
        raise errors.wrong_type("stream_options", "an object", value)
    return _switch(value.get("include_usage", False), "stream_options.include_usage")


def _logit_bias(value: Any) -> dict[int, float]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise errors.wrong_type("logit_bias", "an object", value)
    if len(value) > _MOST_BIASES:
        raise ApiError(
            f"Invalid 'logit_bias': too many entries. Expected at most {_MOST_BIASES}, but got {len(value)} instead.",
            param="logit_bias",
            code="invalid_value",
        )
    biases: dict[int, float] = {}
    for key, bias in value.items():
        if not (key.isascii() and key.isdigit() and len(key) < 8 and tokens.is_token(int(key))):
            raise ApiError(
                "Invalid key in 'logit_bias': keys must be token ids of this model's vocabulary.",
                param="logit_bias",
                code="invalid_value",
            )
        biases[int(key)] = _number(bias, f"logit_bias.{key}", False, -100, 100)
    return biases
