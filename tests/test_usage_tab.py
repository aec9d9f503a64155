"""The table of what a visit has used, and the token counter: true figures, and nothing that acts."""

import re
from datetime import UTC, datetime
from decimal import Decimal
from html.parser import HTMLParser
from typing import Any

import pytest

from chat_core import count_tokens
from chat_core.events import Timing, Usage
from chat_core.ledger import Entry, Ledger
from chat_core.pricing import calc_cost
from chat_ui.texts import LANGUAGES, Language, money, t
from chat_ui.transcript import as_if_cost
from chat_ui.usage_tab import ENTRIES_SHOWN, LONGEST_TEXT, PIECES_SHOWN, USED_BY, counts_html, ledger_html, tell_story

REFERENCE = "gpt-4o-mini"
WON = Decimal(1400)
HOSTILE = "<img src=x onerror=alert(1)>\"'&amp;"
VOID = {"br", "hr", "img", "input", "meta", "link"}


class Table(HTMLParser):
    """Cells of each row, and the elements that there are. Fails where a tag is not closed in its place."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.elements: set[str] = set()
        self.attributes: set[str] = set()
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag not in VOID:
            self._open.append(tag)
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")
        elif tag == "br":
            self.handle_data(" / ")

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "td" in self._open or "th" in self._open:
            self.rows[-1][-1] += data


def entry(**fields: Any) -> Entry:
    defaults: dict[str, Any] = {
        "when": datetime(2026, 11, 22, tzinfo=UTC),
        "model": "gpt-4o-mini",
        "usage": Usage(1200, 300, cached_tokens=200, reasoning_tokens=50),
        "cost": Decimal("0.0016"),
        "timing": Timing(0.5, 2.0),
        "outcome": "stop",
    }
    return Entry(**defaults | fields)


def table(*entries: Entry, language: Language = "en", reference: str = REFERENCE) -> Table:
    return Table(ledger_html(Ledger(list(entries)), language, reference, WON))


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_empty_ledger_says_so(language: Language) -> None:
    shown = ledger_html(Ledger(), language, REFERENCE, WON)
    assert t(language, "usage.empty") in shown
    assert "<table" not in shown


def test_a_priced_answer() -> None:
    heads, row, total = table(entry()).rows
    assert heads[:2] == ["#", "Model"]
    assert heads[7] == f"As if on {REFERENCE}"
    assert row == [
        *("1", "gpt-4o-mini", "1,200", "200", "300", "50"),
        *("$0.0016 (₩2.2)", "–", "0.50 s", "200", "stop"),
    ]
    assert total == ["Total", "1,200", "200", "300", "50", "$0.0016 (₩2.2)", "–", ""]
    assert len(row) == len(heads)


def test_an_unknown_price_is_unknown_and_not_nothing() -> None:
    _, row, total = table(entry(cost=None)).rows
    assert row[6] == "unknown"
    assert total[5] == "$0 / + 1 of unknown price"
    *_, total = table(entry(cost=None), entry(cost=None), entry(cost=Decimal(2))).rows
    assert total[5] == "$2.00 (₩2,800) / + 2 of unknown price"


def test_charged_and_as_if_are_apart() -> None:
    free = entry(model="demo", cost=Decimal(0), free=True, usage=Usage(1000, 1000))
    as_if = calc_cost(1000, 1000, REFERENCE)
    assert as_if is not None
    _, paid_row, free_row, other_row, total = table(entry(), free, free).rows
    assert paid_row[6:8] == ["$0.0016 (₩2.2)", "–"]
    assert free_row[6:8] == other_row[6:8] == ["$0", money(as_if, WON)]
    assert total[5:7] == ["$0.0016 (₩2.2)", money(2 * as_if, WON)]


def test_an_unpriced_reference_is_a_dash() -> None:
    free = entry(model="demo", cost=Decimal(0), free=True)
    _, row, total = table(free, reference="unheard-of").rows
    assert row[6:8] == ["$0", "–"]
    assert total[6] == "–"


def test_estimates_are_marked() -> None:
    estimated = entry(usage=Usage(1200, 300, estimated=True), outcome="stopped")
    _, row, plain, total = table(estimated, entry()).rows
    assert [row[2], row[4], row[6]] == ["≈ 1,200", "≈ 300", "≈ $0.0016 (₩2.2)"]
    assert not any("≈" in cell for cell in plain)
    assert total[5].startswith("≈ ")
    note = t("en", "usage.estimated")
    assert note in ledger_html(Ledger([estimated]), "en", REFERENCE, WON)
    assert note not in ledger_html(Ledger([entry()]), "en", REFERENCE, WON)


def test_what_never_came_is_a_dash() -> None:
    _, row, _ = table(entry(timing=Timing(None, 2.0), outcome="timed_out")).rows
    assert row[8:] == ["–", "–", "No answer in time"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_words_of_others_are_inert(language: Language) -> None:
    free = entry(model=HOSTILE, outcome=HOSTILE, cost=Decimal(0), free=True)
    shown = table(free, language=language, reference=HOSTILE)
    assert not shown.elements & {"img", "script", "a"}
    assert not any(name.startswith("on") for name in shown.attributes)
    heads, row, _ = shown.rows
    assert row[1] == row[-1] == HOSTILE
    assert HOSTILE in heads[7]


# --- counter ---------------------------------------------------------------------------------------------------------

FATHER = "아버지가 방에 들어가신다."


def counted(text: Any, language: Language = "en", reference: str = REFERENCE) -> str:
    return counts_html(text, language, reference, WON)


def test_counts_by_encoding() -> None:
    shown = Table(counted(FATHER))
    assert [row[0] for row in shown.rows[1:]] == list(USED_BY)
    assert {row[0]: row[1] for row in shown.rows[1:]} == {"o200k_base": "10", "cl100k_base": "13"}
    assert [row[3] for row in shown.rows[1:]] == ["0.71", "0.93"]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("reference", ["gpt-4o-mini", "gpt-6-luna"])
def test_a_million_prompts_are_priced_by_the_model_that_is_compared_with(reference: str, language: Language) -> None:
    html = counted(FATHER, language, reference)
    shown = Table(html)
    assert shown.rows[0][2] == t(language, "count.price", model=reference)
    costs = [calc_cost(tokens, 0, reference, calls=1_000_000) for tokens in (10, 13)]
    assert [row[2] for row in shown.rows[1:]] == [money(cost, WON) for cost in costs if cost]
    # The tokenizer of gpt-6 is not public, so which row is its own is a guess.
    key = {"gpt-4o-mini": "count.own_encoding", "gpt-6-luna": "count.likely_encoding"}[reference]
    assert t(language, key, model=reference, encoding="o200k_base") in html


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_unknown_price_is_called_unknown(language: Language) -> None:
    shown = Table(counted(FATHER, language, HOSTILE))
    assert [row[2] for row in shown.rows[1:]] == [t(language, "usage.unknown")] * 2
    assert not shown.elements & {"img", "script"}


def test_the_story_of_the_card_holds_for_its_text() -> None:
    # It says that the newer encoding needs fewer tokens, and that the table shows both prices.
    _, text, _ = tell_story()
    fewer, more = (int(row[1]) for row in Table(counted(text)).rows[1:])
    assert fewer < more * 0.75


def test_pieces_are_the_text() -> None:
    html = counted("one two")
    assert re.findall(r'<span class="piece piece-\d">([^<]*)</span>', html) == ["one", "·two"] * 2
    # A syllable that is split between two tokens is shown as bytes.
    assert "<small>" in counted("뷁")


@pytest.mark.parametrize("language", LANGUAGES)
def test_thousands_of_answers_are_summed_and_the_latest_shown(language: Language) -> None:
    used = Ledger()
    for n in range(ENTRIES_SHOWN + 5):
        used.add(Entry(datetime.now(UTC), "m", Usage(1, n), Decimal("0.001"), Timing(0.1, 1.0), "stop"))
    html = ledger_html(used, language, REFERENCE, WON)
    table = Table(html)
    assert len(table.rows) == 1 + ENTRIES_SHOWN + 1
    assert [table.rows[1][0], table.rows[-2][0]] == ["6", str(ENTRIES_SHOWN + 5)]
    assert f"{sum(range(ENTRIES_SHOWN + 5)):,}" in table.rows[-1]
    assert t(language, "usage.latest", count=str(ENTRIES_SHOWN), all=str(ENTRIES_SHOWN + 5)) in html


@pytest.mark.parametrize("text", ["", None])
def test_no_text_is_no_tokens(text: Any) -> None:
    shown = Table(counted(text))
    assert [row[1:4] for row in shown.rows[1:]] == [["0", "$0", "–"]] * 2


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_text_that_is_html_is_shown_as_text(language: Language) -> None:
    html = counted("<script>alert(1)</script> <img src=x> & \" '", language)
    assert not Table(html).elements & {"img", "script"}


def test_a_long_text_shows_its_beginning() -> None:
    text = "word " * 2000
    html = counted(text)
    assert html.count('class="piece ') == 2 * PIECES_SHOWN
    rest = count_tokens(text, encoding="o200k_base") - PIECES_SHOWN
    assert f"and {rest:,} more" in html


def test_a_text_over_the_limit_is_cut() -> None:
    shown = Table(counted("a " * LONGEST_TEXT))
    assert shown.rows[1][1] == f"{count_tokens('a ' * (LONGEST_TEXT // 2), encoding='o200k_base'):,}"


@pytest.mark.parametrize(
    ("image_tokens", "pictures", "input_tokens"),
    [
        # 1024 x 1024 on gpt-5.4-mini: 1,229 tokens by its patches, whatever the free model counted.
        (765, ((1024, 1024),), 1000 - 765 + 1229),
        (0, (), 1000),
        # The server did not say what its count holds: the whole is taken as it is.
        (None, ((1024, 1024),), 1000),
    ],
)
def test_pictures_are_priced_by_the_rule_of_the_reference(
    image_tokens: int | None, pictures: tuple[tuple[int, int], ...], input_tokens: int
) -> None:
    usage = Usage(1000, 10, image_tokens=image_tokens)
    one = Entry(datetime.now(UTC), "demo", usage, Decimal(0), Timing(0.1, 1.0), "stop", free=True, pictures=pictures)
    assert as_if_cost(one, "gpt-5.4-mini") == calc_cost(input_tokens, 10, "gpt-5.4-mini")
