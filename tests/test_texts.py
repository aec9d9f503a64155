"""Every text is there in both languages, takes what it is given, and is used; numbers and money read well."""

import ast
import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from string import Formatter
from typing import get_args

import pytest

from chat_core import errors, models
from chat_core.errors import ChatError, InputError
from chat_core.extract_task import Step
from chat_core.field_table import FIELD_TYPES
from chat_ui.cards import CARDS
from chat_ui.describe_job import Status
from chat_ui.drills import DRILLS
from chat_ui.texts import LANGUAGES, TEXTS, day, dollars, known_language, money, number, seconds, t

ROOT = Path(__file__).resolve().parent.parent
HANGUL = re.compile("[가-힣ㄱ-ㅎㅏ-ㅣ]")
# Key -> why it is the same in both languages.
SAME_IN_BOTH = {
    "usage.turn": "a sign",
    "more.top_p": "the parameter's own name",
}


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


@cache
def trees(package: str) -> dict[str, ast.Module]:
    return {path.stem: ast.parse(path.read_text("utf-8")) for path in sorted((ROOT / package).glob("*.py"))}


def calls(tree: ast.AST, *names: str) -> Iterator[tuple[str, ast.Call]]:
    """Calls of functions of these names, bare or as an attribute."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            if name in names:
                yield name, node


# --- both languages --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", TEXTS)
def test_both_languages_say_something_with_the_same_fields(key: str) -> None:
    english, korean = TEXTS[key]
    assert english.strip() == english != ""
    assert korean.strip() == korean != ""
    assert fields(english) == fields(korean)
    assert all(name.isidentifier() for name in fields(english))


@pytest.mark.parametrize("key", sorted(TEXTS.keys() - SAME_IN_BOTH))
def test_each_language_is_its_own(key: str) -> None:
    english, korean = TEXTS[key]
    assert not HANGUL.search(english)
    assert HANGUL.search(korean)


@pytest.mark.parametrize("key", SAME_IN_BOTH)
def test_exceptions_are_exceptions(key: str) -> None:
    english, korean = TEXTS[key]
    assert english == korean


# --- every failure has its words -------------------------------------------------------------------------------------


# The errors that are raised: those without children.
ALL_ERRORS = [value for value in vars(errors).values() if isinstance(value, type) and issubclass(value, ChatError)]
PARENTS = {parent for error in ALL_ERRORS for parent in error.__bases__}
RAISED = {error.__name__: error for error in ALL_ERRORS if error not in PARENTS}


@cache
def raised() -> list[tuple[str, ast.Call, ast.Module]]:
    """Every place in the core that makes an error: its class name, the call, the module."""
    return [(name, call, tree) for tree in trees("chat_core").values() for name, call in calls(tree, *RAISED)]


def words_of(tree: ast.Module) -> set[str]:
    """The keys of a module's ``_SENTENCES``, through which its reasons go."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "_SENTENCES":
            return set(ast.literal_eval(node.value))
    return set()


def reasons() -> set[tuple[str, str]]:
    """(kind, reason) of everything that can be wrong with what was given."""
    found = set()
    for name, call, tree in raised():
        for keyword in call.keywords:
            if keyword.arg == "reason":
                constant = keyword.value.value if isinstance(keyword.value, ast.Constant) else None
                found |= {(RAISED[name].kind, word) for word in ([constant] if constant else words_of(tree))}
    return found


def test_every_error_is_raised_somewhere() -> None:
    assert {name for name, _, _ in raised()} == set(RAISED)


@pytest.mark.parametrize("error", RAISED.values(), ids=RAISED)
def test_every_kind_has_a_title_and_a_text(error: type[ChatError]) -> None:
    assert f"error.{error.kind}.title" in TEXTS
    if not issubclass(error, InputError) and error is not errors.TimedOut:
        assert f"error.{error.kind}.text" in TEXTS


def test_every_reason_has_its_text_and_no_text_is_spare() -> None:
    found = reasons()
    assert len(found) > 25
    given = {
        (kind, word)
        for kind, word in (key.split(".")[1:] for key in TEXTS if re.fullmatch(r"error\.\w+\.\w+", key))
        if word not in ("title", "text")
    }
    assert given == found


def test_every_clock_has_its_text() -> None:
    clocks = {
        keyword.value.value
        for name, call, _ in raised()
        for keyword in call.keywords
        if name == "TimedOut" and keyword.arg == "clock" and isinstance(keyword.value, ast.Constant)
    }
    # The clocks of a stream are chosen by name, in one table.
    (table,) = (
        node.value
        for node in trees("chat_core")["provider"].body
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "_TIMED_OUT"
    )
    clocks |= set(ast.literal_eval(table))
    assert clocks == {key[len("error.timed_out_") : -len(".text")] for key in TEXTS if "error.timed_out_" in key}


# What an error brings besides the values for its words.
NOT_FIELDS = {"status", "request_id", "server_words", None}


def test_every_failure_brings_what_its_words_need() -> None:
    for name, call, _ in raised():
        kind = RAISED[name].kind
        given = {keyword.arg for keyword in call.keywords} - NOT_FIELDS
        keys = [key for key in TEXTS if re.match(rf"error\.{kind}(_[a-z_]+)?\.", key)]
        needed = set().union(*(fields(text) for key in keys for text in TEXTS[key]))
        assert needed <= given, f"line {call.lineno}: {name} lacks {needed - given}"


def test_every_adjustment_has_its_text_and_no_text_is_spare() -> None:
    told = set(get_args(models.Reason))
    for tree in trees("chat_core").values():
        for _, call in calls(tree, "Adjustment"):
            reason = call.args[1]
            if isinstance(reason, ast.Constant):
                told.add(reason.value)
        for node in ast.walk(tree):
            if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "reason":
                told |= {part.value for part in ast.walk(node.value) if isinstance(part, ast.Constant)}
    assert {key.removeprefix("adjustment.") for key in TEXTS if key.startswith("adjustment.")} == told | {"none"}


# --- keys and their use ----------------------------------------------------------------------------------------------

PREFIXES = {key.split(".")[0] for key in TEXTS}
KEY = re.compile(rf"(?:{'|'.join(sorted(PREFIXES))})(?:\.[a-z_]+)+")
# Keys that are put together where they are used, as patterns.
COMPUTED = {
    "action.*",
    "adjustment.*",
    "card.*.line",
    "card.*.note",
    "card.*.title",
    "connection.*",
    "batch.column_*",
    "batch.progress_*",
    "batch.remote_*",
    "batch.status_*",
    "count.*",
    "describe.*",
    "describe.pausing_*",
    "describe.status_*",
    "detail.*",
    "drill.*",
    "effort.*",
    "extract.column_*",
    "extract.field_*",
    "extract.rule_*",
    "extract.step_*",
    "extract.table_*",
    "extract.type_*",
    "extract.way_*",
    "error.*.*",
    "error.*.text",
    "error.*.title",
    "error.timed_out_*.text",
    "json.*",
    "json.problem.*",
    "literal.*",
    "model.images_*",
    "note.*.text",
    "note.*.title",
    "note.stopped_*.text",
    "picture.*",
    "pictures.*",
    "sizing.*",
    "usage.*",
}
# What the patterns that would take in a whole room of texts really make.
CARD_WORDS = {f"{card.name}.{words}" for card in CARDS for words in ("title", "line")} | {
    f"{card.name}.note" for card in CARDS if card.steps
}
DRILL_WORDS = {drill.removeprefix("drill-").replace("-", "_") for drill in DRILLS}
CONNECTION_NAMES = {"demo", "openai", "openai_typed", "custom", "custom_typed", "local"}
COUNT_COLUMNS = {"encoding", "tokens", "per_character", "models"}
USAGE_COLUMNS = {
    "turn",
    "model",
    "input",
    "cached",
    "output",
    "reasoning",
    "charged",
    "first",
    "speed",
    "end",
}
# What can be wrong with a value, a schema, a table: the sentences of each.
FIELD_RULES = {
    *("required", "additional_properties", "type", "enum", "const", "format", "pattern", "not_checked", "other"),
}
SCHEMA_RULES = {
    *("root_not_object", "root_any_of", "open_object", "free_object", "not_required", "unknown_required"),
    *("unsupported_keyword", "bad_keyword", "not_a_schema", "no_type", "unknown_type", "no_items", "bad_ref"),
    *("ref_with_others", "too_many_properties", "too_many_levels", "too_many_characters", "too_many_enum_values"),
    "enum_too_long",
}
TABLE_RULES = {
    *("no_fields", "too_many_fields", "no_name", "unknown_type", "name_twice", "bad_choice", "not_a_parent"),
}
DESCRIBE_WORDS = {
    *("copy", "chat", "retry"),
    *("pausing_limit", "pausing_failure"),
    *(f"status_{status}" for status in get_args(Status)),
}
EXTRACT_WORDS = {
    *("column_name", "column_type", "column_description", "column_required", "column_list", "column_choices"),
    *(f"field_{rule}" for rule in FIELD_RULES),
    *(f"rule_{rule}" for rule in SCHEMA_RULES),
    *(f"step_{step}" for step in get_args(Step)),
    *(f"table_{rule}" for rule in TABLE_RULES),
    *(f"type_{kind}" for kind in FIELD_TYPES),
    *("way_fenced", "way_embedded"),
}
EXPANSIONS = {
    "card": CARD_WORDS,
    "connection": CONNECTION_NAMES,
    "count": COUNT_COLUMNS,
    "describe": DESCRIBE_WORDS,
    "drill": DRILL_WORDS,
    "extract": EXTRACT_WORDS,
    "usage": USAGE_COLUMNS,
}


def front_end() -> Iterator[ast.Module]:
    """The modules of the page, without the texts themselves."""
    yield from (tree for name, tree in trees("chat_ui").items() if name != "texts")


def literals() -> set[str]:
    """Whole strings in the page's code; pieces of f-strings are not among them."""
    found = set()
    for tree in front_end():
        inside = {id(piece) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for piece in node.values}
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in inside:
                found.add(node.value)
    return found


def computed() -> set[str]:
    """f-strings that look like keys, each field as a star."""
    found = set()
    for tree in front_end():
        for node in ast.walk(tree):
            if isinstance(node, ast.JoinedStr):
                pattern = "".join(str(piece.value) if isinstance(piece, ast.Constant) else "*" for piece in node.values)
                if re.fullmatch(rf"(?:{'|'.join(sorted(PREFIXES))})\.[a-z_.*]+", pattern):
                    found.add(pattern)
    return found


def is_computed(key: str) -> bool:
    prefix, _, rest = key.partition(".")
    if prefix in EXPANSIONS:
        return rest in EXPANSIONS[prefix]
    return any(re.fullmatch(re.escape(pattern).replace(r"\*", "[a-z_]+"), key) for pattern in COMPUTED)


def test_every_key_that_is_used_exists() -> None:
    assert {word for word in literals() if KEY.fullmatch(word)} <= TEXTS.keys()
    for tree in front_end():
        for _, call in calls(tree, "t"):
            if len(call.args) > 1 and isinstance(call.args[1], ast.Constant):
                assert call.args[1].value in TEXTS


def test_keys_are_put_together_only_where_that_is_known() -> None:
    assert computed() == COMPUTED


def test_every_text_is_used() -> None:
    used = literals()
    assert sorted(key for key in TEXTS if key not in used and not is_computed(key)) == []


def test_every_computed_key_exists() -> None:
    made = {f"{prefix}.{name}" for prefix, names in EXPANSIONS.items() for name in names}
    assert made <= TEXTS.keys()


def test_texts_are_given_exactly_what_they_take() -> None:
    for tree in front_end():
        for _, call in calls(tree, "t"):
            if len(call.args) > 1 and isinstance(call.args[1], ast.Constant):
                key = str(call.args[1].value)
                given = {keyword.arg for keyword in call.keywords}
                assert None in given or given == fields(TEXTS[key][0]), f"{key} at line {call.lineno}"


# --- filling in ------------------------------------------------------------------------------------------------------


def test_t_fills_in_and_keeps_braces_of_values() -> None:
    assert t("en", "meter.tokens", tokens="{12}") == "≈ {12} tokens"
    assert t("ko", "meter.tokens", tokens="12") == "≈ 12 토큰"


def test_a_missing_text_is_a_fault() -> None:
    with pytest.raises(KeyError):
        t("en", "no.such.key")


def test_languages_are_in_the_order_of_the_pairs() -> None:
    assert LANGUAGES == ("en", "ko")
    assert (t("en", "tab.chat"), t("ko", "tab.chat")) == TEXTS["tab.chat"]


@pytest.mark.parametrize(
    ("value", "language"),
    [
        ("ko", "ko"),
        ("ko-KR", "ko"),
        ("KO", "ko"),
        ("ko-KR,ko;q=0.9,en;q=0.8", "ko"),
        ("en", "en"),
        ("en-US,ko;q=0.5", "en"),
        ("fr", "en"),
        ("", "en"),
        (None, "en"),
        (5, "en"),
    ],
)
def test_known_language(value: object, language: str) -> None:
    assert known_language(value) == language


# --- numbers and money -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("amount", "shown"),
    [
        ("0", "$0"),
        ("0.00", "$0"),
        ("1", "$1.00"),
        ("1.5", "$1.50"),
        ("212.85", "$212.85"),
        ("1234.5", "$1,234.50"),
        ("1234567.891", "$1,234,567.89"),
        ("0.25", "$0.25"),
        ("0.996", "$1.00"),
        ("0.9951", "$1.00"),
        ("0.05", "$0.05"),
        ("0.0016", "$0.0016"),
        ("0.00021285", "$0.00021"),
        ("0.0000012", "$0.0000012"),
        ("0.0000001", "$0.0000001"),
        ("0.00000001", "<$0.0000001"),
        ("1E-20", "<$0.0000001"),
    ],
)
def test_dollars(amount: str, shown: str) -> None:
    assert dollars(Decimal(amount)) == shown


@pytest.mark.parametrize(
    ("amount", "rate", "shown"),
    [
        ("0", "1400", "$0"),
        ("1", "1400", "$1.00 (₩1,400)"),
        ("0.0016", "1400", "$0.0016 (₩2.2)"),
        ("0.01", "1400", "$0.01 (₩14)"),
        ("0.00001", "1400", "$0.00001 (<₩0.1)"),
        ("212.85", "1350.5", "$212.85 (₩287,454)"),
    ],
)
def test_money(amount: str, rate: str, shown: str) -> None:
    assert money(Decimal(amount), Decimal(rate)) == shown


def test_no_amount_is_shown_as_nothing_or_half() -> None:
    amounts = [Decimal(digits).scaleb(exponent) for digits in range(1, 1000) for exponent in range(-12, 3)]
    for amount in amounts:
        shown = dollars(amount)
        assert re.fullmatch(r"<?\$\d{1,3}(,\d{3})*(\.\d+)?", shown), f"{amount}: {shown}"
        if not shown.startswith("<"):
            near = Decimal(shown.lstrip("$").replace(",", ""))
            assert abs(near - amount) <= amount / 10 + Decimal("0.00000005"), f"{amount}: {shown}"


@pytest.mark.parametrize(
    ("value", "shown"), [(0, "0"), (999, "999"), (1000, "1,000"), (1234567, "1,234,567"), (12.6, "13")]
)
def test_number(value: float, shown: str) -> None:
    assert number(value) == shown


@pytest.mark.parametrize(("value", "shown"), [(0.0, "0.00"), (0.254, "0.25"), (1.0, "1.0"), (12.34, "12.3")])
def test_seconds(value: float, shown: str) -> None:
    assert seconds(value) == shown


def test_day() -> None:
    assert day(date(2026, 12, 11), "en") == "11 December 2026"
    assert day(date(2027, 4, 1), "ko") == "2027년 4월 1일"
