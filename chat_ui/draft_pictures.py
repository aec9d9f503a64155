"""The strip between box and meter: each picture of the draft, and what it costs at each level of detail. Pure."""

from collections.abc import Sequence
from html import escape

from chat_core.connections import Connection
from chat_core.events import Usage
from chat_core.image_economy import Level, levels, target_size
from chat_core.messages import ImagePart, Message, RemoteImage
from chat_core.pricing import price_usage
from chat_core.tokens import image_tokens
from chat_ui.controls import Controls
from chat_ui.texts import Language, dollars, file_size, number, t
from chat_ui.visit import DraftFile


def strip_html(
    files: Sequence[DraftFile],
    message: Message,
    model: str,
    controls: Controls,
    connection: Connection,
    language: Language,
    reference: str,
) -> str:
    """The strip as HTML; empty where the draft has no picture. Links stand last: of what is behind them nothing is
    known here."""
    pricing = _Pricing(model, controls, connection, language, reference)
    figures = [_figure(file, pricing) for file in files]
    figures += [_link(image, pricing) for image in message.images if isinstance(image, RemoteImage)]
    return f'<div class="draft-pictures">{"".join(figures)}</div>' if figures else ""


class _Pricing:
    """What a level costs, in words. On a free connection the reference model's prices stand beside."""

    def __init__(
        self,
        model: str,
        controls: Controls,
        connection: Connection,
        language: Language,
        reference: str,
    ) -> None:
        self.model = model
        self.controls = controls
        self.language = language
        self.detail = controls.image_policy.detail or "auto"
        self.reference = reference if connection.free else ""
        self._base_url = connection.base_url

    def rows(self, width: int, height: int) -> list[str]:
        """A row for the model, and one for the reference model where the connection is free."""
        rows = [self._row(levels(width, height, self.model), "")]
        if self.reference:
            rows.append(self._row(levels(width, height, self.reference), self.reference))
        return rows

    def price(self, tokens: int, model: str) -> str:
        """Empty where nothing is paid, or the price is unknown."""
        free = self.reference and model != self.reference
        price = None if free else price_usage(Usage(tokens, 0), model, None if self.reference else self._base_url)
        return dollars(price.input) if price else ""

    def _row(self, row: Sequence[Level], reference: str) -> str:
        key = "picture.on" if reference else "picture.tokens"
        name = t(self.language, key, model=escape(reference))
        shown = "".join(self._level(level, reference or self.model) for level in row)
        about = "" if not _low_is_dearer(row) else f"<em>{t(self.language, 'picture.low_dearer')}</em>"
        return f'<span class="levels">{name} {shown}{about}</span>'

    def _level(self, level: Level, model: str) -> str:
        chosen = ' class="chosen"' if level.detail == self.detail else ""
        if not level.taken:
            words = t(self.language, "picture.not_taken")
        elif level.too_large:
            words = t(self.language, "picture.too_large")
        elif level.tokens is None:
            words = t(self.language, "picture.unknown")
        else:
            paid = self.price(level.tokens, model)
            words = number(level.tokens) + (f" · {paid}" if paid else "")
        return f"<span{chosen}><b>{level.detail}</b> {words}</span>"


def _low_is_dearer(row: Sequence[Level]) -> bool:
    known = {level.detail: level.tokens for level in row if level.taken and level.tokens is not None}
    return known.get("low", 0) > known.get("high", known.get("low", 0))


def _figure(file: DraftFile, pricing: _Pricing) -> str:
    picture, language = file.part, pricing.language
    if not isinstance(picture, ImagePart):
        return ""
    kind = picture.media_type.removeprefix("image/").upper()
    facts = [f"{kind} · {number(picture.width)} × {number(picture.height)} · {file_size(file.size)}"]
    facts += [t(language, f"picture.{change}") for change in picture.changes]
    sent = _in_sizing(picture, pricing)
    width, height = sent or (picture.width, picture.height)
    lines = [
        f"<strong>{escape(picture.name)}</strong>",
        f'<span class="facts">{" · ".join(facts)}</span>',
        *pricing.rows(width, height),
        _saving(picture, sent, pricing),
    ]
    return f'<figure><img src="{file.thumbnail}" alt=""><figcaption>{"".join(lines)}</figcaption></figure>'


def _in_sizing(picture: ImagePart, pricing: _Pricing) -> tuple[int, int] | None:
    return target_size(picture.width, picture.height, pricing.controls.sizing, pricing.model, pricing.detail)


def _saving(picture: ImagePart, sent: tuple[int, int] | None, pricing: _Pricing) -> str:
    """What the chosen size saves; with the original size chosen, what the small one would save."""
    language, model = pricing.language, pricing.reference or pricing.model
    sizing = pricing.controls.sizing
    small = target_size(picture.width, picture.height, "small", model, pricing.detail)
    target = sent or (small if sizing == "as_is" else None)
    if target is None:
        return f'<span class="facts">{t(language, "picture.no_smaller")}</span>' if sizing != "as_is" else ""
    before = image_tokens(picture.width, picture.height, model, pricing.detail)
    after = image_tokens(*target, model, pricing.detail)
    key = "picture.sent_as" if sent else "picture.would_save"
    fields = {"width": number(target[0]), "height": number(target[1])}
    if before is None or after is None or before == after:
        return f'<span class="facts">{t(language, "picture.sent_as_same", **fields)}</span>' if sent else ""
    saved = before - after
    paid = pricing.price(saved, model)
    fields |= {"tokens": number(saved), "price": f" ({paid})" if paid else ""}
    return f'<span class="facts saving">{t(language, key, **fields)}</span>'


def _link(image: RemoteImage, pricing: _Pricing) -> str:
    key = "picture.link_fetched" if pricing.controls.picture_links == "fetch" else "picture.link"
    shown = escape(image.url if len(image.url) < 80 else image.url[:77] + "…")
    return (
        f'<figure><span class="linked" aria-hidden="true">↗</span><figcaption><strong>{shown}</strong>'
        f'<span class="facts">{t(pricing.language, key)}</span></figcaption></figure>'
    )
