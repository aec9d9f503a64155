"""The sidebar's values, as the browser sends them and as nobody should, and the request that they make."""

from dataclasses import fields
from typing import Any

import pytest

from chat_core import ChatRequest, ImagePolicy, JsonObject, Options, assistant, user
from chat_ui.controls import Controls, from_values

TALK = (user("a"), assistant("b"), user("c"), assistant("d"), user("e"))
NAN, INFINITE = float("nan"), float("inf")


def test_an_untouched_page_asks_for_nothing_special() -> None:
    assert Controls().request(TALK, "m") == ChatRequest("m", TALK)


def test_widgets_that_hold_none_are_untouched() -> None:
    count = len(fields(Controls))
    assert from_values(*[None] * count) == Controls()
    with pytest.raises(ValueError, match="shorter"):
        from_values(*[None] * (count - 1))


def test_values_come_in_the_order_of_the_fields() -> None:
    values = (
        *("m", "Be kind.", True, 0.5, True, "last", 2, False, 100, 0.9, "low", 7, "END"),
        *("text", "high", "fit", "all"),
    )
    controls = from_values(*values)
    assert tuple(getattr(controls, field.name) for field in fields(Controls)) == values
    assert controls.request(TALK, "default") == ChatRequest(
        "m",
        TALK,
        persona="Be kind.",
        options=Options(
            temperature=0.5, top_p=0.9, stop=("END",), max_completion_tokens=100, seed=7, reasoning_effort="low"
        ),
        response_format=JsonObject(),
        stream=False,
        image_policy=ImagePolicy(None, "high"),
    )


@pytest.mark.parametrize(
    ("kept", "turns"),
    [("1", 1), ("2", 2), ("4", 4), ("all", None), ("", 2), ("0", 2), ("-1", 2), ("9999999", 2), ("two", 2)],
)
def test_how_long_pictures_go_along(kept: str, turns: int | None) -> None:
    controls = Controls(pictures_kept=kept)
    assert controls.request(TALK, "m").image_policy == ImagePolicy(turns)
    going_on = controls.request(TALK, "m", user("Go on.")).image_policy
    assert going_on == ImagePolicy(None if turns is None else turns + 1)


@pytest.mark.parametrize(("detail", "sent"), [("", None), ("low", "low"), ("original", "original"), ("hd", None)])
def test_level_of_detail(detail: str, sent: str | None) -> None:
    assert Controls(detail=detail).image_policy.detail == sent


@pytest.mark.parametrize(("typed", "model"), [("", "default"), ("  ", "default"), (" gpt-4o ", "gpt-4o")])
def test_model(typed: str, model: str) -> None:
    assert Controls(model=typed).request(TALK, "default").model == model


@pytest.mark.parametrize(
    ("own", "value", "sent"),
    [
        (False, 0.7, None),
        (True, 0.7, 0.7),
        (True, 0, 0),
        (True, 2, 2),
        (True, None, None),
        (True, 2.1, None),
        (True, -0.1, None),
        (True, NAN, None),
        (True, INFINITE, None),
        (True, "0.7", None),
    ],
)
def test_temperature(own: bool, value: Any, sent: float | None) -> None:
    assert Controls(own_temperature=own, temperature=value).request(TALK, "m").options.temperature == sent


@pytest.mark.parametrize(
    ("field", "option", "table"),
    [
        ("top_p", "top_p", {None: None, 0: 0, 0.5: 0.5, 1: 1, 1.5: None, -1: None, NAN: None, "1": None}),
        (
            "max_tokens",
            "max_completion_tokens",
            {None: None, 1: 1, 100.0: 100, 0: None, -5: None, NAN: None, INFINITE: None, 1e300: None, "5": None},
        ),
        ("seed", "seed", {None: None, 0: 0, 7.0: 7, -7: -7, NAN: None, INFINITE: None, -INFINITE: None, "7": None}),
        ("effort", "reasoning_effort", {"": None, "none": "none", "low": "low", "max": "max", "much": None}),
        (
            "stop",
            "stop",
            {
                "": None,
                "\n\n": None,
                "END": ("END",),
                "a\nb": ("a", "b"),
                "a\r\n\nb\n": ("a", "b"),
                "1\n2\n3\n4\n5\n6": ("1", "2", "3", "4"),
                " x ": (" x ",),
            },
        ),
    ],
)
def test_parameters_in_range_are_sent_and_others_left_out(field: str, option: str, table: dict[Any, Any]) -> None:
    for value, sent in table.items():
        made = Controls(**{field: value}).request(TALK, "m").options
        assert getattr(made, option) == sent, value
        assert type(getattr(made, option)) is type(sent)


@pytest.mark.parametrize(
    ("history", "turns", "earlier", "sent"),
    [
        ("all", None, None, "abcde"),
        ("all", 1, None, "abcde"),
        ("none", None, 0, "e"),
        ("none", 5, 0, "e"),
        ("last", 1, 1, "cde"),
        ("last", 1.9, 1, "cde"),
        ("last", 9, 9, "abcde"),
        ("last", 0, 0, "e"),
        ("last", None, 0, "e"),
        ("last", -3, 0, "e"),
        ("sometimes", 1, None, "abcde"),
    ],
)
def test_history(history: Any, turns: Any, earlier: int | None, sent: str) -> None:
    controls = Controls(history=history, turns=turns)
    assert controls.earlier_turns == earlier
    assert "".join(message.text for message in controls.request(TALK, "m").messages) == sent


@pytest.mark.parametrize("turns", [NAN, INFINITE, -INFINITE, "many", "2", [], {}])
def test_a_number_of_turns_that_is_none_is_survived(turns: Any) -> None:
    assert Controls(history="last", turns=turns).request(TALK, "m").messages[-1] == TALK[-1]


@pytest.mark.parametrize(
    "odd",
    [
        {"temperature": [], "own_temperature": True},
        {"top_p": {}},
        {"max_tokens": "x"},
        {"seed": {"a": 1}},
        {"effort": ["low"]},
        {"history": ["all"]},
        {"picture_links": 5},
    ],
)
def test_values_of_the_wrong_type_are_left_out(odd: dict[str, Any]) -> None:
    assert Controls(**odd).request(TALK, "m").options == Options()


def test_a_follow_up_goes_last_whatever_history_is_sent() -> None:
    follow_up = user("Go on.")
    made = Controls(history="none").request(TALK[:4], "m", follow_up)
    assert [message.text for message in made.messages] == ["c", "d", "Go on."]
    assert Controls().request(TALK[:4], "m", follow_up).messages == (*TALK[:4], follow_up)
