"""Words for what was found in pictures, in the language of the speaker."""

from collections import Counter
from collections.abc import Iterable, Sequence

from demo_model.call import Measured
from demo_model.sight import compare
from demo_model.sight.compare import Comparison, Seen
from demo_model.sight.facts import Bar, Chart, Shape
from demo_model.speaker import Speaker


class PictureWords:
    """Names that are always the same, as plain strings."""

    def __init__(self, speaker: Speaker) -> None:
        self._speaker = speaker

    def say(self, phrase: str, **values: str | int) -> str:
        return self._speaker.say(phrase, **values).first

    def colour(self, name: str) -> str:
        """A colour as a noun."""
        return self._speaker.colour(name)

    def hue(self, name: str) -> str:
        """A colour before a noun."""
        return self.say(f"hue_{name}")

    def kind(self, name: str, number: int = 1) -> str:
        """A kind of figure; in the plural where the language has one."""
        return self.say(f"kind_{name}" if number == 1 else f"kinds_{name}")

    def look(self, name: str) -> str:
        """A kind of picture."""
        return self.say(f"look_{name}")

    def code(self, name: str) -> str:
        return self.say(f"code_{name}")

    def position(self, name: str) -> str:
        """A place in a picture, as a label."""
        return self.say(f"position_{name}")

    def place(self, name: str) -> str:
        """Where something is: "at the top left"."""
        return self.say(f"at_{name}")

    def figure(self, colour: str, kind: str, number: int = 1, *, hollow: bool = False) -> str:
        """A figure by colour and kind."""
        named = f"{self.hue(colour)} {self.kind(kind, number)}"
        return self.say("hollow", figure=named) if hollow else named

    def counted(self, number: int, colour: str, kind: str) -> str:
        return self.say("counted", number=number, figure=self.figure(colour, kind, number))

    def side(self, chart: Chart) -> str:
        """Where its bars are counted from."""
        return self.say("from_top" if chart.lying else "from_left")

    def bar(self, bar: Bar, chart: Chart) -> str:
        """One bar by colour and place: "the red bar (third from the left)"."""
        return self.say("bar_ref", rank=self.rank(bar.number), hue=self.hue(bar.colour), side=self.side(chart))

    def rank(self, number: int) -> str:
        ranks = self._speaker.row("ranks")
        return ranks[number - 1] if number <= len(ranks) else self.say("rank_beyond", number=number)

    def number(self, number: int) -> str:
        """A number before a noun, in words up to twelve."""
        numbers = self._speaker.row("numbers")
        return numbers[number - 1] if number <= len(numbers) else str(number)

    def spelled(self, number: int, figure: str) -> str:
        """Figures and their number, in words."""
        return self.say("spelled", number=self.number(number), figure=figure)

    def marked(self, noun: str, after_consonant: str, after_vowel: str) -> str:
        """In Korean with the particle that its last letter takes; in English as it is."""
        if not "가" <= noun[-1:] <= "힣":
            return noun
        ends_in_consonant = (ord(noun[-1]) - ord("가")) % 28
        return noun + (after_consonant if ends_in_consonant else after_vowel)

    def listed(self, parts: Sequence[str]) -> str:
        """Things in a row, with "and" before the last."""
        if len(parts) < 2:
            return "".join(parts)
        return self.say("listed", first=", ".join(parts[:-1]), last=parts[-1])


def counted(shapes: Iterable[Shape]) -> Sequence[tuple[tuple[str, str], int]]:
    """((kind, colour), number) of figures, the most frequent first."""
    return Counter((shape.kind, shape.colour) for shape in shapes).most_common()


def compared(first: Measured, second: Measured) -> Comparison:
    """How the second picture differs from the first."""
    return compare.compare(_seen(first), _seen(second))


def _seen(picture: Measured) -> Seen:
    return Seen(picture.width, picture.height, picture.sketch, picture.look.drawing)
