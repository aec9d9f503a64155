"""File names made safe for showing: in a page, on a terminal, in a log line, and above a file's text in a message."""

import unicodedata
from pathlib import PurePosixPath

MAX_NAME = 120

# Control, format (bidi marks, zero-width), surrogate, private, unassigned; line and paragraph separators.
_UNSHOWABLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def safe_name(name: str, fallback: str = "file") -> str:
    """The base name on one line, of at most ``MAX_NAME`` characters; a long one keeps its extension.

    Composed (NFC), since macOS takes Hangul apart. Both kinds of slash end a folder: uploads come from anywhere.
    """
    base = name.replace("\\", "/").rsplit("/", 1)[-1]
    # The cut before the work: a hostile name may be megabytes long, and only its two ends can ever show.
    base = base if len(base) <= 4 * MAX_NAME else base[: 2 * MAX_NAME] + base[-2 * MAX_NAME :]
    composed = unicodedata.normalize("NFC", base)
    shown = "".join(char for char in composed if unicodedata.category(char) not in _UNSHOWABLE)
    shown = " ".join(shown.split())
    if shown.strip(". ") == "":
        return fallback
    if len(shown) <= MAX_NAME:
        return shown
    suffix = PurePosixPath(shown).suffix[:16]
    return f"{shown[: MAX_NAME - len(suffix) - 1]}…{suffix}"
