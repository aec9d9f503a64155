"""Tokens & cost: what this visit has used, turn by turn and in all, and a field that counts the tokens of a text."""

from dataclasses import dataclass
from decimal import Decimal
from html import escape
from typing import Any

import gradio as gr

from chat_core import tokens
from chat_core.ledger import Entry, Ledger
from chat_core.models import lookup
from chat_core.pricing import calc_cost, reference_models
from chat_core.settings import Settings
from chat_ui import notes
from chat_ui.gradio_inside import LAST, QUIET
from chat_ui.localize import Localizer
from chat_ui.texts import Language, money, number, seconds, t
from chat_ui.transcript import as_if_cost, charge
from chat_ui.visit import Visit

# A text of this length is counted whole; its pieces are shown up to this number.
LONGEST_TEXT = 200_000
PIECES_SHOWN = 400
# Rows of the table; a batch makes thousands.
ENTRIES_SHOWN = 200
SAMPLE_TEXT = "아버지가 방에 들어가신다. Father enters the room."
# What the card counts, in both languages of the page: a system prompt such as a shop would send with every call.
STORY_TEXT = (
    "당신은 친절한 고객 상담원입니다. 손님의 질문에 짧고 정확하게 답해 주세요. "
    "모르는 것은 모른다고 말하고, 담당자가 다시 연락드리겠다고 안내해 주세요."
)
CALLS = 1_000_000
USED_BY = {
    "o200k_base": "gpt-5, gpt-4.1, gpt-4o, o1, o3",
    "cl100k_base": "gpt-4, gpt-3.5-turbo, text-embedding-3",
}


@dataclass(frozen=True, slots=True)
class UsageTab:
    """The widgets that others need. ``ledger_html`` makes ``table``, ``counts_html`` makes ``counts`` from ``text``;
    ``tell_story`` shows ``story``, which ``back`` leaves."""

    table: gr.HTML
    counts: gr.HTML
    text: gr.Textbox
    story: gr.Column
    back: gr.Button


def reference_picker(words: Localizer) -> gr.Dropdown:
    """The model whose prices stand beside answers that cost nothing. Made here, rendered where the tab is drawn."""
    models = reference_models()
    return words.add(
        gr.Dropdown(choices=list(models), value=models[0], render=False, elem_id="reference"), label="usage.reference"
    )


def build(
    words: Localizer, visit: gr.State, language: gr.Radio, reference: gr.Dropdown, settings: Settings
) -> UsageTab:
    """Draw the tab into the current block and wire what belongs to it alone."""

    def ledger(state: Visit, lang: Language, model: str) -> str:
        return ledger_html(state.ledger, lang, model, settings.won_per_dollar)

    def count(written: str, lang: Language, model: str) -> str:
        return counts_html(written, lang, model, settings.won_per_dollar)

    with gr.Column(elem_classes="sheet"):
        words.add(gr.Markdown(), value="usage.heading.md")
        reference.render()
        table = gr.HTML(elem_id="ledger", value=ledger(Visit(), words.language, str(reference.value)))
        words.add(gr.Markdown(elem_id="count-heading"), value="count.heading.md")
        with gr.Column(visible=False, elem_id="count-story") as story:
            words.add(gr.Markdown(), value="count.story.md")
            back = words.add(gr.Button(size="sm", elem_id="back-to-chat"), value="count.back")
        text = words.add(
            gr.Textbox(SAMPLE_TEXT, lines=3, max_lines=12, max_length=LONGEST_TEXT, elem_id="count-text"),
            label="count.label",
            placeholder="count.placeholder",
        )
        counts = gr.HTML(elem_id="counts")
    gr.on([reference.change, language.change], ledger, [visit, language, reference], table, **LAST)
    counted = [text.change, language.change, reference.change]
    gr.on(counted, count, [text, language, reference], counts, trigger_mode="always_last", **QUIET)
    return UsageTab(table, counts, text, story, back)


def tell_story() -> tuple[Any, str, Any]:
    """The card that counts: this tab, its text in the field, and above it what is to be seen there."""
    return gr.update(selected="usage"), STORY_TEXT, gr.update(visible=True)


def ledger_html(used: Ledger, language: Language, reference: str, won_per_dollar: Decimal) -> str:
    """The table of the visit: a row an answer, charged money and as-if money in columns of their own."""
    entries = used.entries
    if not entries:
        return f'<p class="quiet">{t(language, "usage.empty")}</p>'
    names = ("turn", "model", "input", "cached", "output", "reasoning", "charged")
    heads = [t(language, f"usage.{name}") for name in names]
    heads.append(t(language, "usage.as_if", model=escape(reference)))
    heads += [t(language, f"usage.{name}") for name in ("first", "speed", "end")]
    numbered = list(enumerate(entries, start=1))[-ENTRIES_SHOWN:]
    rows = [_row(position, entry, language, reference, won_per_dollar) for position, entry in numbered]
    head = "".join(f'<th scope="col">{name}</th>' for name in heads)
    foot = _total(used, language, reference, won_per_dollar)
    latest = t(language, "usage.latest", count=number(len(rows)), all=number(len(entries)))
    remarks = [latest] if len(rows) < len(entries) else []
    remarks += [t(language, "usage.estimated")] if used.totals().estimated else []
    remarks += [t(language, "usage.list_price"), t(language, "usage.won", rate=f"₩{won_per_dollar:,.0f}")]
    remarks.append(t(language, "usage.visit"))
    return (
        f'<div class="table-scroll" tabindex="0"><table class="figures"><thead><tr>{head}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody><tfoot>{foot}</tfoot></table></div>"
        f'<p class="quiet">{" ".join(remarks)}</p>'
    )


def counts_html(text: str, language: Language, reference: str, won_per_dollar: Decimal) -> str:
    """Tokens of a text in each encoding, with the pieces told apart by colour, and what a million such prompts cost.

    The price is that of ``reference`` for as many tokens; only one of the encodings is the model's own.
    """
    text = (text or "")[:LONGEST_TEXT]
    names = [t(language, f"count.{name}") for name in _COUNT_COLUMNS]
    names.insert(2, t(language, "count.price", model=escape(reference)))
    heads = "".join(f'<th scope="col">{name}</th>' for name in names)
    rows, shown = [], []
    for encoding, models in USED_BY.items():
        count = tokens.count_tokens(text, encoding=encoding)
        each = f"{count / len(text):.2f}" if text else "–"
        price = _price_of_calls(count, language, reference, won_per_dollar)
        rows.append(
            f'<tr><th scope="row"><code>{encoding}</code></th><td class="number">{number(count)}</td>'
            f'<td class="number">{price}</td><td class="number">{each}</td><td>{models}</td></tr>'
        )
        shown.append(f"<p><code>{encoding}</code></p>{_pieces_html(text, encoding, language)}")
    table = f'<table class="figures"><thead><tr>{heads}</tr></thead><tbody>{"".join(rows)}</tbody></table>'
    legend = f'<p class="quiet">{t(language, "count.legend")}</p>'
    remark = f'<p class="quiet">{_price_remark(language, reference)}</p>'
    return f'<div class="table-scroll" tabindex="0">{table}</div>{remark}{"".join(shown)}{legend}'


_COUNT_COLUMNS = ("encoding", "tokens", "per_character", "models")


def _price_of_calls(count: int, language: Language, reference: str, won_per_dollar: Decimal) -> str:
    cost = calc_cost(count, 0, reference, calls=CALLS)
    return t(language, "usage.unknown") if cost is None else money(cost, won_per_dollar)


def _price_remark(language: Language, reference: str) -> str:
    """Which row is the model's own; a guess where its tokenizer is not public."""
    profile = lookup(reference)
    key = "count.own_encoding" if profile.tokenizer_known else "count.likely_encoding"
    return t(language, key, model=escape(reference), encoding=profile.tokenizer)


def _pieces_html(text: str, encoding: str, language: Language) -> str:
    """The tokens one by one. A piece that is no whole letter is shown as its bytes: a syllable may be split."""
    found = tokens.pieces(text[: PIECES_SHOWN * 8], encoding) or []
    spans = [
        f'<span class="piece piece-{index % 4}">{_piece_text(piece)}</span>'
        for index, piece in enumerate(found[:PIECES_SHOWN])
    ]
    count = tokens.count_tokens(text, encoding=encoding) - len(spans)
    more = f' <span class="quiet">{t(language, "count.more_pieces", count=number(count))}</span>' if count > 0 else ""
    return f'<p class="pieces">{"".join(spans)}{more}</p>'


def _piece_text(piece: bytes) -> str:
    try:
        text = piece.decode("utf-8")
    except UnicodeDecodeError:
        return "".join(f"<small>{byte:02x}</small>" for byte in piece)
    return escape(text).replace(" ", "·").replace("\n", "↵").replace("\t", "⇥")


def _row(position: int, entry: Entry, language: Language, reference: str, won_per_dollar: Decimal) -> str:
    usage = entry.usage
    about = "≈ " if usage.estimated else ""
    speed = entry.timing.tokens_per_second(usage.output_tokens)
    as_if = as_if_cost(entry, reference) if entry.free else None
    numbers = [about + number(usage.input_tokens), number(usage.cached_tokens)]
    numbers += [about + number(usage.output_tokens), number(usage.reasoning_tokens)]
    numbers.append(t(language, "usage.unknown") if entry.cost is None else charge(entry, language, won_per_dollar))
    numbers.append("–" if as_if is None else about + money(as_if, won_per_dollar))
    first = entry.timing.first_token
    numbers.append("–" if first is None else t(language, "usage.seconds", seconds=seconds(first)))
    numbers.append(number(speed) if speed else "–")
    cells = "".join(f'<td class="number">{value}</td>' for value in numbers)
    return (
        f'<tr><th scope="row">{position}</th><td><code>{escape(entry.model)}</code></td>{cells}'
        f"<td>{escape(notes.outcome(entry.outcome, language))}</td></tr>"
    )


def _total(used: Ledger, language: Language, reference: str, won_per_dollar: Decimal) -> str:
    """Charged and as-if sums apart; answers of unknown price are counted, not priced."""
    totals = used.totals()
    about = "≈ " if totals.estimated else ""
    charged = (about if totals.cost else "") + money(totals.cost, won_per_dollar)
    if totals.unpriced:
        charged += f"<br>{t(language, 'usage.unpriced', count=totals.unpriced)}"
    free = [entry for entry in used.entries if entry.free]
    compared = [cost for entry in free if (cost := as_if_cost(entry, reference)) is not None]
    as_if = about + money(sum(compared, Decimal(0)), won_per_dollar) if compared else "–"
    numbers = [about + number(totals.input_tokens), number(totals.cached_tokens)]
    numbers += [about + number(totals.output_tokens), number(totals.reasoning_tokens), charged]
    cells = "".join(f'<td class="number">{value}</td>' for value in numbers)
    head = f'<th scope="row" colspan="2">{t(language, "usage.total")}</th>'
    return f'<tr>{head}{cells}<td class="number">{as_if}</td><td colspan="3"></td></tr>'
