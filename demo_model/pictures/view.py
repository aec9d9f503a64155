"""One picture and what is asked of it, with the words for its parts."""

from collections.abc import Sequence
from dataclasses import dataclass

from demo_model.call import Measured
from demo_model.grammar import Text
from demo_model.pictures.questions import Asked
from demo_model.pictures.words import PictureWords, counted
from demo_model.sight.facts import Area, Bar, Chart, Line, Page, Shape
from demo_model.speaker import Speaker

EQUAL = 0.012
"""Bars whose heights differ by less, as a share of the tallest, are called equal: some two pixels."""

PAGES = ("table", "form", "receipt", "text")
MOST_LISTED = 12


@dataclass(frozen=True, slots=True)
class View:
    """One picture and what is asked of it."""

    picture: Measured
    asked: Asked
    speaker: Speaker
    words: PictureWords

    @property
    def chart(self) -> Chart | None:
        return self.picture.look.chart

    @property
    def shapes(self) -> tuple[Shape, ...]:
        return self.picture.look.drawing.shapes if self.picture.look.drawing else ()

    @property
    def page(self) -> Page | None:
        return self.picture.look.page

    @property
    def writing(self) -> tuple[Line, ...]:
        return self.picture.look.writing

    @property
    def asked_shapes(self) -> list[Shape]:
        """The figures of the kinds, the colours and at the place that are asked for."""
        asked = self.asked
        return [
            shape
            for shape in self.shapes
            if (not asked.kinds or shape.kind in asked.kinds)
            and (not asked.colours or shape.colour in asked.colours)
            and (asked.position is None or _is_at(shape, asked.position))
        ]

    @property
    def asked_bars(self) -> list[Bar]:
        """The bars of the numbers and colours that are asked for."""
        bars = self.chart.bars if self.chart else ()
        if self.asked.numbers:
            bars = tuple(bar for bar in bars if bar.number in self.asked.numbers)
        return [bar for bar in bars if not self.asked.colours or bar.colour in self.asked.colours]

    def figure(self, shape: Shape) -> str:
        return self.words.figure(shape.colour, shape.kind, hollow=shape.hollow)

    def figures(self, shape: Shape, number: int) -> str:
        return self.words.figure(shape.colour, shape.kind, number)

    def place(self, shape: Shape) -> str:
        return self.words.place(shape.position)

    def places(self, shapes: Sequence[Shape]) -> str:
        return self.words.listed(list(dict.fromkeys(self.place(shape) for shape in shapes)))

    def placed(self, shapes: Sequence[Shape]) -> str:
        parts = [self.words.say("placed", figure=self.figure(shape), place=self.place(shape)) for shape in shapes]
        return self.words.listed(parts[:MOST_LISTED])

    def by_kind(self, shapes: Sequence[Shape]) -> str:
        parts = [self.words.counted(number, colour, kind) for (kind, colour), number in counted(shapes)]
        return self.words.listed(parts[:MOST_LISTED])

    def wanted(self, number: int = 2) -> str:
        """The figures that are asked for, by colour and kind."""
        kind = self.asked.kinds[0] if len(self.asked.kinds) == 1 else "any"
        if len(self.asked.colours) == 1:
            return self.words.figure(self.asked.colours[0], kind, number)
        return self.words.kind(kind, number)

    def topic(self, figure: str) -> str:
        """A figure as what a sentence is about."""
        return self.words.marked(figure, "은", "는")

    def subject(self, shape: Shape) -> str:
        """A figure as what does something in a sentence."""
        return self.words.marked(self.figure(shape), "이", "가")

    def bar(self, bar: Bar) -> str:
        assert self.chart is not None  # a bar is of one
        return self.words.bar(bar, self.chart)

    def bars(self, bars: Sequence[Bar]) -> str:
        return self.words.listed([self.bar(bar) for bar in sorted(bars, key=lambda bar: bar.number)][:MOST_LISTED])

    def bar_list(self, bars: Sequence[Bar]) -> str:
        """The heights of bars: of all of them in their order, of some with their places."""
        assert self.chart is not None  # bars are of one
        everything = len(bars) == len(self.chart.bars)
        heights = ", ".join(
            self.words.say(
                "bar_height",
                bar=self.words.colour(bar.colour) if everything else self.topic(self.bar(bar)),
                percent=percent(bar.height),
            )
            for bar in bars
        )
        return self.words.say("bars_all", side=self.words.side(self.chart), bars=heights) if everything else heights

    def reasons(self) -> list[str]:
        """The measures that make a picture a table, a form, a receipt or a text, the most telling first."""
        page = self.page
        assert page is not None  # asked of pages only
        words = self.words
        reasons = [self.lines(page.text_lines)] if page.text_lines else []
        if page.figures:
            reasons.append(words.say("figures", number=page.figures))
        elif page.kind in ("table", "form") and page.columns >= 2 and page.rows >= 2:
            ruled = page.kind == "form" or page.rules >= page.rows
            reasons.append(
                words.say("grid", columns=page.columns, rows=page.rows)
                if ruled
                else words.say("aligned", columns=page.columns)
            )
        elif page.columns == 1:
            reasons.append(words.say("one_column"))
        elif page.columns >= 2:
            reasons.append(words.say("aligned", columns=page.columns))
        if page.boxes:
            reasons.append(words.say("boxes", number=page.boxes))
        if page.rules:
            reasons.append(words.say("one_rule") if page.rules == 1 else words.say("rules", number=page.rules))
        return reasons

    def lines(self, number: int) -> str:
        return self.words.say("one_line") if number == 1 else self.words.say("text_lines", number=number)

    def area(self, area: Area) -> dict[str, str | int]:
        return {
            "area": self.words.say(f"area_{area.kind}"),
            "percent": percent(area.share),
            "place": self.words.place(area.position),
        }

    def light_words(self) -> dict[str, str]:
        picture = self.picture
        light = "dark" if picture.brightness < 0.35 else "light" if picture.brightness > 0.65 else "mid_light"
        spread = "low" if picture.contrast < 0.12 else "high" if picture.contrast > 0.28 else "mid"
        return {
            "light": self.words.say(light),
            "brightness": f"{picture.brightness:.0%}",
            "contrast": self.words.say(f"{spread}_contrast"),
        }

    def sharp_word(self) -> str:
        sharpness = self.picture.sharpness
        return self.words.say("soft" if sharpness < 0.35 else "sharp" if sharpness > 0.6 else "mid_sharp")

    def palette(self) -> str:
        return ", ".join(
            self.words.say("share", name=self.words.colour(name), percent=percent(share))
            for name, share in self.picture.colours
        )

    def size(self) -> Text:
        ratio = self.picture.width / self.picture.height
        shape = "square" if 0.98 < ratio < 1.02 else "landscape" if ratio > 1 else "portrait"
        return self.speaker.say(
            "size",
            width=self.picture.width,
            height=self.picture.height,
            shape=self.words.say(shape),
            format=self.picture.file_format,
        )


def _is_at(shape: Shape, position: str) -> bool:
    """Whether a figure stands at a place, or within it: the top left is at the top and on the left."""
    return set(position.split("_")) <= set(shape.position.split("_"))


def dimensions(picture: Measured) -> str:
    return f"{picture.width} × {picture.height}"


def percent(share: float) -> int:
    return round(100 * share)


def share(share: float) -> str:
    """A share in percent; a small one with a digit behind the point."""
    return f"{100 * share:.1f}" if share < 0.1 else f"{100 * share:.0f}"
