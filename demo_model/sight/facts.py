"""What was found in a picture: frozen values in plain English words, from which answers are made."""

from dataclasses import dataclass, field
from typing import Literal

Position = Literal["top_left", "top", "top_right", "left", "centre", "right", "bottom_left", "bottom", "bottom_right"]
"""One of nine fields: the thirds of the width by the thirds of the height."""

ShapeKind = Literal[
    "circle", "ellipse", "square", "rectangle", "diamond", "triangle", "pentagon", "hexagon", "polygon", "star", "other"
]
PageKind = Literal["table", "form", "receipt", "text"]
Kind = Literal["plain", "shapes", "chart", "table", "form", "receipt", "text", "code", "photo"]

_POSITIONS: tuple[tuple[Position, Position, Position], ...] = (
    ("top_left", "top", "top_right"),
    ("left", "centre", "right"),
    ("bottom_left", "bottom", "bottom_right"),
)


@dataclass(frozen=True, slots=True)
class Box:
    """An upright rectangle; its edges are shares of the picture's width and height, from the top left."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def centre(self) -> tuple[float, float]:
        return (self.left + self.right) / 2, (self.top + self.bottom) / 2

    @property
    def position(self) -> Position:
        x, y = self.centre
        return _POSITIONS[min(2, int(y * 3))][min(2, int(x * 3))]


@dataclass(frozen=True, slots=True)
class Shape:
    """One flat figure. ``share``: how much of the picture it covers, 0 to 1. ``hollow``: only its outline is drawn."""

    kind: ShapeKind
    colour: str
    box: Box
    share: float
    hollow: bool = False

    @property
    def position(self) -> Position:
        return self.box.position


@dataclass(frozen=True, slots=True)
class Drawing:
    """Flat figures on a ground of one colour, in reading order."""

    ground: str
    shapes: tuple[Shape, ...]


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar. ``number``: from 1, in reading order. ``height``: its length as a share of the longest bar's."""

    number: int
    colour: str
    height: float
    box: Box


@dataclass(frozen=True, slots=True)
class Chart:
    """A bar chart. ``lying``: the bars grow from the left, and are numbered from the top."""

    bars: tuple[Bar, ...]
    lying: bool = False
    axis: bool = False

    @property
    def tallest(self) -> Bar:
        return max(self.bars, key=lambda bar: bar.height)

    @property
    def shortest(self) -> Bar:
        return min(self.bars, key=lambda bar: bar.height)


Line = tuple[Box, ...]
"""A row of text-like marks: its blocks, from left to right."""


@dataclass(frozen=True, slots=True)
class Page:
    """Lines and blocks of ink.

    ``lines``: rows of text-like marks.  ``columns``, ``rows``: of ruled cells, or else of aligned blocks.
    ``boxes``: ruled cells with nothing in them.  ``figures``: blocks at the right that end on one line.
    ``rules``: ruled lines, upright and level, dashed ones included.
    """

    kind: PageKind
    lines: tuple[Line, ...]
    columns: int = 0
    rows: int = 0
    boxes: int = 0
    figures: int = 0
    rules: int = 0

    @property
    def text_lines(self) -> int:
        return len(self.lines)


@dataclass(frozen=True, slots=True)
class Area:
    """A large area of a colour. ``share``: of the picture, 0 to 1."""

    kind: Literal["sky", "plants"]
    share: float
    position: Position


@dataclass(frozen=True, slots=True)
class Photo:
    """``horizon``: the height of a level edge across the picture, as a share from the top; None if there is none."""

    horizon: float | None = None
    areas: tuple[Area, ...] = ()


@dataclass(frozen=True, slots=True)
class Code:
    """Marks as in a QR code or a barcode."""

    kind: Literal["qr", "barcode"]
    box: Box


@dataclass(frozen=True, slots=True)
class Look:
    """What a picture looks like. ``kind`` is the most telling of what was found; ``flatness``: how much of it is in
    plain colours, 0 to 1; ``writing``: all rows of text-like marks, also those beside the bars of a chart."""

    kind: Kind = "plain"
    flatness: float = 1.0
    drawing: Drawing | None = None
    chart: Chart | None = None
    page: Page | None = None
    photo: Photo = field(default_factory=Photo)
    codes: tuple[Code, ...] = ()
    writing: tuple[Line, ...] = ()


@dataclass(frozen=True, slots=True)
class Sketch:
    """A small copy for comparing: ``pixels`` are RGB bytes, row by row."""

    width: int = 1
    height: int = 1
    pixels: bytes = b"\xff\xff\xff"
