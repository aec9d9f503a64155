"""Files of text, read for a message: bytes in, ``TextFile`` out, whatever encoding they were saved in."""

import codecs
import re
from dataclasses import dataclass
from pathlib import Path

from chat_core.errors import FileError
from chat_core.file_names import safe_name
from chat_core.messages import TextFile

MAX_TEXT_BYTES = 200_000
"""Of the file as it is on disk. About 50,000 tokens of English: what a mid-size context window holds."""

_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
# Controls that texts do not hold. Tab, line ends, form feed, backspace and escape (coloured logs) may stand.
_CONTROLS = re.compile(r"[\x00-\x07\x0b\x0e-\x1a\x1c-\x1f\x7f-\x9f]")
_NOT_ASCII = re.compile(r"[^\x00-\x7f]")
_HANGUL = re.compile(r"[가-힣ㄱ-ㆎ]")


@dataclass(frozen=True, slots=True)
class Decoded:
    """A text and the encoding that it was read by: utf-8, utf-16-le, utf-16-be or cp949."""

    text: str
    encoding: str


def load_text_file(source: str | Path | bytes, name: str = "") -> TextFile:
    """A text file for a message: decoded, line ends as ``\\n``, under a name that is safe to show.

    ``source``: a path, or the file's bytes (then give its ``name``). Raises ``FileError`` with the reason
    ``not_found``, ``empty``, ``too_large`` (over ``MAX_TEXT_BYTES``) or ``not_text``.
    """
    shown = safe_name(name or ("" if isinstance(source, bytes) else Path(source).name), "file.txt")
    data = source if isinstance(source, bytes) else _read(Path(source), shown)
    if len(data) > MAX_TEXT_BYTES:
        raise FileError(
            f"{shown} is too large: a text file may have up to {MAX_TEXT_BYTES // 1000} kB.",
            name=shown,
            reason="too_large",
            limit=MAX_TEXT_BYTES,
        )
    decoded = decode_text(data)
    if decoded is None:
        raise FileError(f"{shown} is not a text file.", name=shown, reason="not_text")
    text = decoded.text.replace("\r\n", "\n").replace("\r", "\n")
    if not text.strip():
        raise FileError(f"{shown} is empty.", name=shown, reason="empty")
    return TextFile(shown, text)


def decode_text(data: bytes) -> Decoded | None:
    """The text in ``data``, or None where there is none.

    A byte order mark decides; it is dropped. Without one the text is UTF-8 if every byte fits (other encodings
    practically never do). Else it is CP949, the encoding of older Korean Windows, which holds EUC-KR, if it reads as
    Korean. What holds NUL or many control characters is binary, however it decodes.
    """
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            text = _strictly(data[len(mark) :], encoding)
            break
    else:
        encoding, text = "utf-8", _strictly(data, "utf-8")
        if text is None:
            encoding, text = "cp949", _korean(data)
    if text is None or _binary(text):
        return None
    return Decoded(text, encoding)


def _read(path: Path, shown: str) -> bytes:
    # One byte over the limit is enough to know; a pipe or a device would never end.
    try:
        if not path.is_file():
            raise FileError(f"{shown} is not there any more.", name=shown, reason="not_found")
        with path.open("rb") as file:
            return file.read(MAX_TEXT_BYTES + 1)
    except (OSError, ValueError) as error:
        raise FileError(f"{shown} cannot be read.", name=shown, reason="not_found") from error


def _strictly(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        return None


def _korean(data: bytes) -> str | None:
    """``data`` as CP949, if what comes out is Korean.

    Many byte strings decode by CP949: "naïve" in Latin-1 does. So most letters outside ASCII must be Hangul, and nearly
    all of these of the 2,350 everyday syllables (KS X 1001, which is what EUC-KR has); the rest of the 11,172 are rare.
    """
    text = _strictly(data, "cp949")
    if text is None:
        return None
    hangul = _HANGUL.findall(text)
    everyday = sum(_strictly_encodes(char, "euc_kr") for char in hangul)
    if 2 * len(hangul) < len(_NOT_ASCII.findall(text)) or 10 * everyday < 9 * len(hangul):
        return None
    return text


def _strictly_encodes(char: str, encoding: str) -> bool:
    try:
        # Outside its 2,350, Python's euc_kr falls back on eight-byte compositions: not what any editor writes.
        return len(char.encode(encoding)) == 2
    except UnicodeEncodeError:
        return False


def _binary(text: str) -> bool:
    # A PDF may be pure ASCII, and is no text to anyone.
    return "\x00" in text or text.startswith("%PDF-") or 100 * len(_CONTROLS.findall(text)) > len(text)
