"""What goes in: messages and their parts, as frozen values.

OpenAI-shaped dicts begin in ``wire``; Gradio-shaped dicts end in ``chat_ui.gradio_messages``. In between there are
these.
"""

import re
from dataclasses import dataclass
from typing import Literal

Role = Literal["system", "user", "assistant"]
Detail = Literal["auto", "low", "high", "original"]


@dataclass(frozen=True, slots=True)
class TextPart:
    """Text as the person wrote it."""

    text: str


@dataclass(frozen=True, slots=True)
class TextFile:
    """A text file: sent inside the message, fenced, under its name."""

    name: str
    text: str

    @property
    def rendered(self) -> str:
        """As it stands on the wire; the fence is longer than any run of backticks inside."""
        longest = max((len(run) for run in re.findall(r"`+", self.text)), default=0)
        fence = "`" * max(3, longest + 1)
        return f"{self.name}\n{fence}\n{self.text.rstrip()}\n{fence}"


@dataclass(frozen=True, slots=True)
class ImagePart:
    """A picture whose bytes are sent (base64).

    ``data``: an encoded file of ``media_type`` (image/png, image/jpeg, image/webp or image/gif), upright and free of
    metadata.  ``width``, ``height``: pixels, as sent.  ``changes``: what was done to it on the way in, as snake-case
    words (``rotated``, ``first_frame``, ``converted``, ``metadata_removed`` ...).
    """

    data: bytes
    media_type: str
    width: int
    height: int
    name: str = ""
    detail: Detail | None = None
    changes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RemoteImage:
    """A picture that is sent as a URL; the model's server fetches it, so its size is not known here."""

    url: str
    detail: Detail | None = None


Part = TextPart | TextFile | ImagePart | RemoteImage


@dataclass(frozen=True, slots=True)
class Message:
    """One message on the wire. Only user messages may hold pictures and files: the API takes text alone from the
    others."""

    role: Role
    parts: tuple[Part, ...]
    name: str | None = None

    @property
    def text(self) -> str:
        """The text parts, joined; files and pictures left out."""
        return "".join(part.text for part in self.parts if isinstance(part, TextPart))

    @property
    def images(self) -> tuple[ImagePart | RemoteImage, ...]:
        """The pictures, in the order in which they are sent."""
        return tuple(part for part in self.parts if isinstance(part, ImagePart | RemoteImage))


def system(text: str, *, name: str | None = None) -> Message:
    """A system message (the persona is sent as one)."""
    return Message("system", (TextPart(text),), name)


def user(*parts: str | Part, name: str | None = None) -> Message:
    """A user message; plain strings become text parts."""
    return Message("user", tuple(TextPart(part) if isinstance(part, str) else part for part in parts), name)


def assistant(text: str, *, name: str | None = None) -> Message:
    """An assistant message: an earlier answer, or an example of one."""
    return Message("assistant", (TextPart(text),), name)
