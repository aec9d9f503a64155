"""Gradio's dicts to and from core messages. Pure but for reading the visitor's own uploaded files.

A message from the box comes in three shapes: ``{"text", "files": [path]}`` on submit and from the API, the same with
files as dicts on Retry, and a plain ``str`` from an option. The history comes in two: typed parts from the page, bare
strings and ``{"path": ...}`` from API clients. Everything titled (a note, a footnote, reasoning) is the page's own and
never sent.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chat_core import file_limits
from chat_core.image_urls import find_image_urls
from chat_core.images import load_image
from chat_core.messages import ImagePart, Message, Part, TextFile, TextPart
from chat_core.text_files import load_text_file

GradioMessage = dict[str, Any]

# Characters of an answer in JSON that is drawn in colours.
LONGEST_COLOURED = 20_000

_OF_PHONES = {".jpg", ".jpeg", ".jfif", ".mpo", ".heic", ".heif", ".hif"}
_OF_SCREENS = {".png", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".avif"}
# To be refused as pictures, whose words say what to do.
_REFUSED = {".pdf", ".eps"}
IMAGE_SUFFIXES = frozenset(_OF_PHONES | _OF_SCREENS | _REFUSED)


@dataclass(frozen=True, slots=True)
class Draft:
    """What is in the box: text, and the files on disk in the order of their upload (path, shown name)."""

    text: str
    files: tuple[tuple[str, str], ...] = ()

    @property
    def empty(self) -> bool:
        return not self.text.strip() and not self.files

    @property
    def value(self) -> dict[str, Any]:
        """As the box takes it."""
        return {"text": self.text, "files": [path for path, _ in self.files]}


def joined(first: Draft, second: Draft) -> Draft:
    """Two drafts as one, nothing of either lost."""
    text = "\n\n".join(text for text in (first.text, second.text) if text.strip())
    return Draft(text, first.files + second.files)


def put_back(returned: Draft, written: object) -> Draft:
    """What is in the box when a message comes back into it, before what was written there; once, if it is there."""
    now = draft(written)
    return returned if now.value == returned.value else joined(returned, now)


def draft(value: object) -> Draft:
    """The box's value in any of its shapes."""
    if isinstance(value, str):
        return Draft(value)
    if not isinstance(value, dict):
        return Draft("")
    files = value.get("files") or []
    return Draft(str(value.get("text") or ""), tuple(named for file in files if (named := _file(file))))


def content(value: object) -> list[dict[str, Any]]:
    """A message's content in any of its shapes, as typed parts: ``{"type": "text", "text"}`` or ``{"type": "file",
    "file"}``."""
    if isinstance(value, str):
        return [{"type": "text", "text": value}] if value else []
    if isinstance(value, dict):
        value = [value]
    if not isinstance(value, list):
        return []
    return [part for item in value for part in _content_part(item)]


def is_titled(message: GradioMessage) -> bool:
    """Whether a message is the page's own: a note, a footnote or reasoning."""
    return bool((message.get("metadata") or {}).get("title"))


def to_core(history: Sequence[GradioMessage], *, urls_as_pictures: bool = True) -> tuple[Message, ...]:
    """The transcript as core messages. Only what a person or the model wrote: other roles and titled messages are
    dropped.

    Reads the files, so call it in a thread. Raises ImageError and FileError, also where there are more files than one
    may send.
    """
    messages: list[Message] = []
    files = _Files()
    for entry in history:
        if entry.get("role") not in ("user", "assistant") or is_titled(entry):
            continue
        if entry["role"] == "user":
            parts = _user_parts(content(entry.get("content")), urls_as_pictures, files)
        else:
            text = unfenced("".join(part["text"] for part in content(entry.get("content")) if part["type"] == "text"))
            parts = (TextPart(text),) if text.strip() else ()
        if not parts:
            continue
        if messages and messages[-1].role == "assistant" == entry["role"]:
            # An answer that was shown in pieces is one message on the wire.
            messages[-1] = Message("assistant", messages[-1].parts + parts)
        else:
            messages.append(Message(entry["role"], parts))
    return tuple(messages)


class _Files:
    """The files of one transcript, which may come from whoever speaks like a browser. Each is read once, however often
    it is named."""

    def __init__(self) -> None:
        self._read: dict[tuple[str, str], ImagePart | TextFile] = {}
        self._bytes = 0

    def load(self, path: str, name: str) -> ImagePart | TextFile:
        """As ``load_file``. Raises FileError also where all of them are too large."""
        if (known := self._read.get((path, name))) is not None:
            return known
        file = self._read[path, name] = load_file(path, name)
        self._bytes += len(file.data) if isinstance(file, ImagePart) else len(file.text)
        if self._bytes > file_limits.LARGEST_CONVERSATION:
            raise file_limits.too_much(name)
        return file


def holds_files(history: Sequence[GradioMessage]) -> bool:
    """Whether there are files to read, or pictures written out as data URLs."""
    parts = [part for entry in history for part in content(entry.get("content"))]
    return any(part["type"] == "file" or "data:image/" in part["text"] for part in parts)


def count_messages(history: Sequence[GradioMessage]) -> int:
    """How many messages ``to_core`` makes of this, without reading a file."""
    roles = [entry["role"] for entry in history if entry.get("role") in ("user", "assistant") and not is_titled(entry)]
    return sum(1 for place, role in enumerate(roles) if role == "user" or place == 0 or roles[place - 1] == "user")


def load_file(path: str, name: str) -> ImagePart | TextFile:
    """An uploaded file: a picture by its name or else a text file. Raises ImageError or FileError."""
    if _named_as_picture(path, name):
        picture = load_image(Path(path), name=name)
        if isinstance(picture, ImagePart):
            return picture
    return load_text_file(Path(path), name)


def split_urls(text: str, *, links: bool = True) -> list[Part]:
    """Text with its picture URLs, http(s) and data, as parts of their own, where they stood. Raises ImageError.

    ``links``: False leaves the http(s) ones in the text.
    """
    parts: list[Part] = []
    place = 0
    for span in find_image_urls(text):
        if not links and span.url[:5].lower() != "data:":
            continue
        if text[place : span.start].strip():
            parts.append(TextPart(text[place : span.start]))
        parts.append(load_image(span.url))
        place = span.end
    if text[place:].strip() or not parts:
        parts.append(TextPart(text[place:]))
    return parts


# The second names no language that the page knows, so it is drawn without colours.
_FENCES = ("```json\n", "```plain-json\n")


def fenced_json(text: str) -> str:
    """An answer in JSON mode as the page shows it: a code block, since Markdown would eat its underscores.

    A long one without colours: each bracket and value would be a node of the page, anew at every drawing of it.
    """
    return f"{_FENCES[len(text) > LONGEST_COLOURED]}{text}\n```"


def unfenced(text: str) -> str:
    """What the model wrote, from what ``fenced_json`` made of it; other text as it is."""
    begin, end = next((fence for fence in _FENCES if text.startswith(fence)), _FENCES[0]), "\n```"
    whole = text.startswith(begin) and text.endswith(end) and len(text) >= len(begin) + len(end)
    whole = whole and end not in text[len(begin) - 1 : -len(end)]
    return text[len(begin) : -len(end)] if whole else text


def without_notes_at_end(history: Sequence[GradioMessage]) -> list[GradioMessage]:
    """The transcript up to its last message that a person or the model wrote."""
    kept = list(history)
    while kept and is_titled(kept[-1]):
        kept.pop()
    return kept


def up_to_last_question(history: Sequence[GradioMessage]) -> list[GradioMessage]:
    """The transcript with everything after its last user message cut off; empty if there is none."""
    kept = list(history)
    while kept and kept[-1].get("role") != "user":
        kept.pop()
    return kept


def box_value(message: GradioMessage) -> dict[str, Any]:
    """A user message as the box takes it, to be edited or sent again: its text, and its files in order."""
    parts = content(message.get("content"))
    text = "".join(part["text"] for part in parts if part["type"] == "text")
    return {"text": text, "files": [part["file"]["path"] for part in parts if part["type"] == "file"]}


def pictures_of(message: GradioMessage) -> Draft:
    """The pictures of a user message as a draft: its files, and its links as text."""
    value = draft(box_value(message))
    links = "\n".join(span.url for span in find_image_urls(value.text))
    return Draft(links, tuple((path, name) for path, name in value.files if _named_as_picture(path, name)))


def _named_as_picture(path: str, name: str) -> bool:
    return Path(name).suffix.lower() in IMAGE_SUFFIXES or Path(path).suffix.lower() in IMAGE_SUFFIXES


def _user_parts(parts: list[dict[str, Any]], urls_as_pictures: bool, files: _Files) -> tuple[Part, ...]:
    """Pictures first, in upload order, then files and text; what stands inside the text stays where it stood."""
    pictures: list[Part] = []
    rest: list[Part] = []
    for part in parts:
        if part["type"] == "text":
            rest += split_urls(part["text"]) if urls_as_pictures else [TextPart(part["text"])]
            continue
        named = _file(part["file"])
        if named is None:
            continue
        if len(pictures) + sum(not isinstance(part, TextPart) for part in rest) >= file_limits.MOST_FILES:
            raise file_limits.too_many(named[1])
        loaded = files.load(*named)
        inside = isinstance(loaded, ImagePart) and any(isinstance(earlier, TextPart) for earlier in rest)
        (pictures if isinstance(loaded, ImagePart) and not inside else rest).append(loaded)
    return (*pictures, *(part for part in rest if not isinstance(part, TextPart) or part.text.strip()))


def _content_part(item: Any) -> list[dict[str, Any]]:
    if isinstance(item, str):
        return [{"type": "text", "text": item}] if item else []
    if not isinstance(item, dict):
        return []
    if item.get("type") == "text" and isinstance(item.get("text"), str):
        return [{"type": "text", "text": item["text"]}]
    if item.get("type") == "file" and isinstance(item.get("file"), dict):
        return [{"type": "file", "file": item["file"]}]
    if isinstance(item.get("path"), str):
        return [{"type": "file", "file": item}]
    return []


def _file(value: Any) -> tuple[str, str] | None:
    """Path and shown name of one of Gradio's files: a path, or a dict with ``path`` and maybe ``orig_name``."""
    path = value.get("path") if isinstance(value, dict) else value
    if not isinstance(path, str) or not path:
        return None
    name = value.get("orig_name") if isinstance(value, dict) else None
    return path, name or Path(path).name
