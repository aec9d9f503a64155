"""JSON as models write it: what is read, what is wrong with it and where, how it looks while it grows."""

import json
import random
from typing import Any

import pytest

from chat_core import json_output
from chat_core.json_output import Layout, parse, partial, pointer_to, source_words

DEEP = "[" * 100_000


@pytest.mark.parametrize(
    ("text", "value", "way"),
    [
        ('{"a": 1}', {"a": 1}, "plain"),
        (' \n{"a": 1}\n ', {"a": 1}, "plain"),
        ('\ufeff{"a": 1}', {"a": 1}, "plain"),
        ("null", None, "plain"),
        ("12", 12, "plain"),
        ("[]", [], "plain"),
        ('```json\n{"a": 1}\n```', {"a": 1}, "fenced"),
        ('```\n{"a": 1}\n```\n', {"a": 1}, "fenced"),
        ('~~~json\n{"a": 1}\n~~~', {"a": 1}, "fenced"),
        ('```json {"a": 1}```', {"a": 1}, "fenced"),
        ('```json\n{"a": 1}', {"a": 1}, "fenced"),
        ('Sure:\n```json\n{"a": "```b"}\n```\nAnything else?', {"a": "```b"}, "fenced"),
        ('3 people:\n```json\n{"a": 1}\n```', {"a": 1}, "fenced"),
        ('Here it is: {"a": 1} Done.', {"a": 1}, "embedded"),
        ('{"a": 1}\nI hope this helps.', {"a": 1}, "embedded"),
        ('[Note] The answer is {"a": 1}', {"a": 1}, "embedded"),
        ('As said in [1], {"a": 1}', {"a": 1}, "embedded"),
        ('<think>{"x": 2}?</think>\n{"a": 1}', {"a": 1}, "plain"),
        ('{"a": "```json\\n{}\\n```"}', {"a": "```json\n{}\n```"}, "plain"),
        ('{"a": "\\ud83d\\ude00"}', {"a": "😀"}, "plain"),
        # Half of a letter: no file and no page could hold it.
        ('{"a": "\\ud83d"}', {"a": "\ufffd"}, "plain"),
    ],
)
def test_what_is_read(text: str, value: Any, way: str) -> None:
    parsed = parse(text)
    assert (parsed.value, parsed.found, parsed.way, parsed.problem) == (value, True, way, None)


@pytest.mark.parametrize(
    ("text", "kind", "place"),
    [
        ("", "empty", (0, 0)),
        (" \n\t ", "blanks", (0, 0)),
        (" " * 4000, "blanks", (0, 0)),
        ("I cannot do that.", "not_json", (1, 1)),
        ("12 apples", "not_json", (1, 1)),
        ("Use {name} here", "not_json", (1, 1)),
        ('{\n  "a": 1,\n}', "not_json", (3, 1)),
        ("[1, 2,]", "not_json", (1, 7)),
        ("{'a': 1}", "not_json", (1, 2)),
        ('{"a" 1}', "not_json", (1, 6)),
        ('{"a": 01}', "not_json", (1, 7)),
        ('{"a": True}', "not_json", (1, 7)),
        ('{"a": 1 "b": 2}', "not_json", (1, 9)),
        ('{"a": "x\ny"}', "not_json", (1, 9)),
        ('{"a": "\\x"}', "not_json", (1, 8)),
        ('{"a": 1]', "not_json", (1, 8)),
        ('{"a": 1 // one\n}', "not_json", (1, 9)),
        ('Here:\n{"a": 1,}', "not_json", (2, 9)),
        ('{"a": {"b": 1', "cut", (1, 14)),
        ('{"a": "x', "cut", (1, 9)),
        ('{"a": "x\\u00', "cut", (1, 13)),
        ('{"a": tru', "cut", (1, 10)),
        ('{"a": 1.', "cut", (1, 9)),
        ('{"a":', "cut", (1, 6)),
        ("{", "cut", (1, 2)),
        ('```json\n{"a": [1, 2\n```', "cut", (3, 1)),
        ('{"a": NaN}', "not_finite", (1, 7)),
        ("[1, -Infinity]", "not_finite", (1, 5)),
        ('{"a": 1e999}', "not_finite", (1, 7)),
        ('{"a": ' + "9" * 5000 + "}", "not_finite", (1, 7)),
        (DEEP, "too_deep", (1, 101)),
        (DEEP + "]" * 100_000, "too_deep", (1, 101)),
        ('{"a":' * 100_000, "too_deep", (1, 501)),
        ('"' + "\\", "cut", (1, 3)),
    ],
)
def test_what_is_wrong_and_where(text: str, kind: str, place: tuple[int, int]) -> None:
    parsed = parse(text)
    assert (parsed.value, parsed.found) == (None, False)
    assert parsed.problem is not None
    assert (parsed.problem.kind, (parsed.problem.line, parsed.problem.column)) == (kind, place)


@pytest.mark.parametrize(
    ("text", "value", "kind", "place"),
    [
        ('{"a": 1, "b": 0, "a": 2}', {"a": 2, "b": 0}, "duplicate_key", (1, 18)),
        ('{"x": [{"a": 1,\n"\\u0061": 2}]}', {"x": [{"a": 2}]}, "duplicate_key", (2, 1)),
        ('{"a": 1}}', {"a": 1}, "trailing_text", (1, 9)),
        ('{"a": 1}\n{"a": 2}', {"a": 1}, "trailing_text", (2, 1)),
        ('First {"a": 1}, then {"a": 2}.', {"a": 1}, "trailing_text", (1, 22)),
        ('```json\n{"a": 1}\n```\n```json\n{"a": 2}\n```', {"a": 1}, "trailing_text", (5, 1)),
    ],
)
def test_what_is_read_in_spite_of_a_problem(text: str, value: Any, kind: str, place: tuple[int, int]) -> None:
    parsed = parse(text)
    assert (parsed.value, parsed.found) == (value, True)
    assert parsed.problem is not None
    assert (parsed.problem.kind, (parsed.problem.line, parsed.problem.column)) == (kind, place)
    assert text[parsed.problem.offset] in '"{}'


def test_the_same_answer_twice_is_one() -> None:
    assert parse('{"a": 1}\nAgain: {"a": 1}').problem is None


def some_value(dice: random.Random, levels: int) -> Any:
    match dice.randrange(8 if levels else 5):
        case 0:
            return dice.choice([None, True, False])
        case 1:
            return dice.choice([0, -7, 12_000, 3.5, -0.25, 1e20])
        case 2 | 3:
            return dice.choice(["", "김민수", 'quo"te', "back\\slash", "line\nend", "{[,:]}", "```", "😀"])
        case 4:
            return dice.choice([[], {}])
        case 5:
            return [some_value(dice, levels - 1) for _ in range(dice.randrange(4))]
        case _:
            return {f"k{n}": some_value(dice, levels - 1) for n in range(dice.randrange(4))}


@pytest.mark.parametrize("seed", range(40))
def test_whatever_is_json_is_read_as_it_is_and_every_beginning_of_it_is_cut(seed: int) -> None:
    dice = random.Random(seed)
    value = {"a": some_value(dice, 4), "b": some_value(dice, 4)}
    text = json.dumps(value, ensure_ascii=seed % 2 == 0, indent=dice.choice([None, 1, 4]))
    assert parse(text).value == value
    for end in range(1, len(text)):
        problem = parse(text[:end]).problem
        assert problem is not None
        assert (problem.kind, problem.offset) == ("cut", end)


# --- while it grows --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"a": 1, "b": "he', {"a": 1, "b": "he"}),
        ('```json\n{"a": [1, {"b"', {"a": [1, {}]}),
        ('Here you are: {"a": "x', {"a": "x"}),
        ('[Note] {"a": 1', {"a": 1}),
        ("", None),
        ("  ", None),
        ("```js", None),
        ("I cannot", None),
        ('{"a": NaN}', None),
        (DEEP, None),
    ],
)
def test_what_can_be_read_of_a_growing_answer(text: str, value: Any) -> None:
    assert partial(text) == value


@pytest.mark.parametrize("seed", range(20))
def test_an_answer_is_laid_out_like_by_json_itself_however_it_comes(seed: int) -> None:
    dice = random.Random(seed)
    value = [some_value(dice, 4), some_value(dice, 4)]
    wanted = json.dumps(value, ensure_ascii=False, indent=2)
    text = json.dumps(value, ensure_ascii=False, indent=dice.choice([None, 1, 4]))
    layout = Layout()
    for end in sorted(dice.sample(range(len(text)), min(len(text), 20))):
        assert wanted.startswith(layout.laid_out(text[:end]).rstrip(" \n"))
    assert layout.laid_out(text) == Layout().laid_out(text) == wanted


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ('{"a":"he', '{\n  "a": "he'),
        ('{"a":12', '{\n  "a": 12'),
        ('```json\n{"a":1}\n```', '{\n  "a": 1\n}'),
        ('{"a":1.50,"b":"\\u00e9"}', '{\n  "a": 1.50,\n  "b": "\\u00e9"\n}'),
        ("I cannot", "I cannot"),
        ("{name} is", "{name} is"),
        ('{"a": NaN}', '{"a": NaN}'),
        ("", ""),
        (DEEP, DEEP),
    ],
)
def test_how_a_growing_answer_is_shown(text: str, shown: str) -> None:
    assert Layout().laid_out(text) == shown


def test_a_layout_that_gets_another_answer_begins_anew() -> None:
    layout = Layout()
    layout.laid_out('{"a":1,')
    assert layout.laid_out('{"b":2') == '{\n  "b": 2'


# --- the words of the source -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "text", "words"),
    [
        ("Anna", "My name is Anna.", "Anna"),
        ("김민수", "어제 김민수가 왔다", "김민수"),
        ("형", "형제가 있었다. 형은 욕심이 많았다", "형"),
        ("형", "형제가 있었다", None),
        ("이", "이야기와 아이", None),
        ("물", "소금물과 물고기를 물에 넣는다", "물"),
        ("사과", "사과나무에 사과가 열렸다", "사과"),
        ("민수", "어제 김민수가 왔다", "민수"),
        ("서버 비용을 정리", "서버 비용을 정리한다", "서버 비용을 정리"),
        ("seoul city", "in Seoul\n City today", "Seoul\n City"),
        (12000, "합계 12,000원", "12,000"),
        (12000, "total 12000.00", "12000.00"),
        (1234567.5, "1,234,567.50 EUR", "1,234,567.50"),
        (12000, "12\u00a0000 kr", "12\u00a0000"),
        (200, "10 200 300", "200"),
        (1.234, "1.234", "1.234"),
        (1234, "1.234", "1.234"),
        (11, "on 2026-11-05", None),
        (9.5, "costs 9,5 euros", "9,5"),
        (-3, "it was -3 degrees", "3"),
        ("Al", "Also", None),
        (20, "2026", None),
        (3, "3.5", None),
        ("2026-11-05", "5 November 2026", None),
        ("(a+)+$", "what (a+)+$ means", "(a+)+$"),
        ("", "anything", None),
        (True, "true", None),
    ],
)
def test_where_a_value_stands_in_its_source(value: Any, text: str, words: str | None) -> None:
    found = source_words({"v": value}, text)
    assert [text[start:end] for start, end in found.values()] == ([words] if words else [])


def test_a_part_of_a_word_is_found_only_where_there_is_no_whole_one() -> None:
    for text, place in (("형제가 있었다. 형은 착했다", 9), ("사과나무에 사과가 열렸다", 6), ("강민수, 민수야", 5)):
        word = text[place : place + (1 if text.startswith("형") else 2)]
        assert source_words(word, text) == {"": (place, place + len(word))}


def test_a_search_for_words_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[int] = []
    monkeypatch.setattr(json_output, "_MOST_TRIES", 1000)
    monkeypatch.setattr(json_output, "_is_whole", lambda *place: tried.append(1) is not None)
    assert source_words(["a" * length for length in range(1, 50)], "a" * 5000) == {}
    assert len(tried) <= 1500


def test_the_same_words_twice_are_found_one_after_the_other() -> None:
    found = source_words({"a/b": [5, 5, 5], "c~": "x y"}, "5 and 5, x y")
    assert found == {"/a~1b/0": (0, 1), "/a~1b/1": (6, 7), "/a~1b/2": (0, 1), "/c~0": (9, 12)}
    assert pointer_to("a/b", 0, "c~") == "/a~1b/0/c~0"
