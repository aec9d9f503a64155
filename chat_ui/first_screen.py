"""What stands where the conversation will be: a line of promise, and the cards as buttons with pictures.

The cards are drawn as one piece of HTML; a click on one comes to the server as an event that names it.
"""

from functools import cache

import gradio as gr

from chat_core.settings import ASSETS
from chat_ui.cards import CARDS, COUNT, Card, card_named
from chat_ui.localize import Localizer
from chat_ui.texts import Language, t

# ``click``: a card that asks a model. ``select``: the one that opens another tab. A double click is one: the second
# would come to the server when the first card may be over already, and would play it again. Another card is another
# wish.
ON_LOAD = """
let clicked = -Infinity;
let last = "";
element.addEventListener("click", (event) => {
  const card = event.target.closest("[data-card]");
  if (!card || (card.dataset.card === last && event.timeStamp - clicked < 1000)) return;
  clicked = event.timeStamp;
  last = card.dataset.card;
  trigger(card.dataset.event, { card: card.dataset.card });
});
"""


def build(words: Localizer) -> tuple[gr.Column, gr.HTML]:
    """Draw the screen into the current block: the column to show and hide, and the cards."""
    with gr.Column(elem_id="first-screen") as screen:
        cards = words.add(
            gr.HTML(elem_id="cards", js_on_load=ON_LOAD, apply_default_css=False, padding=False), value=screen_html
        )
    return screen, cards


def screen_html(language: Language) -> str:
    """Promise and cards. The pictures are drawings in the page itself, without a word in them."""
    cards = "".join(f"<li>{_card_html(card, language)}</li>" for card in CARDS)
    return f'<h2 class="promise">{t(language, "first.promise")}</h2><ul class="cards">{cards}</ul>'


def chosen(event: gr.EventData) -> Card | None:
    """The card that was clicked; None for an event that names none of ours."""
    try:
        return card_named(getattr(event, "card", None))
    except TypeError:  # the event came without data
        return None


def _card_html(card: Card, language: Language) -> str:
    event = "select" if card.name == COUNT else "click"
    return (
        f'<button type="button" class="card" data-card="{card.name}" data-event="{event}">'
        f'<span class="card-picture" aria-hidden="true">{_picture(card.name)}</span>'
        f'<span class="card-words"><span class="card-title">{t(language, f"card.{card.name}.title")}</span> '
        f'<span class="card-line">{t(language, f"card.{card.name}.line")}</span></span></button>'
    )


@cache
def _picture(name: str) -> str:
    return (ASSETS / "cards" / f"{name}.svg").read_text(encoding="utf-8")
