"""The word lists and patterns of ``words.toml``."""

import re
import tomllib
from pathlib import Path
from typing import Any

from demo_model.lazy_regex import lazy_regex

WORDS: dict[str, Any] = tomllib.loads((Path(__file__).parent / "words.toml").read_text("utf-8"))

ASKS: dict[str, re.Pattern[str]] = {
    name: lazy_regex("|".join(f"(?:{pattern})" for pattern in patterns), re.IGNORECASE)
    for name, patterns in WORDS["asks"].items()
}
"""What a message asks for, by name."""


def any_of(words: list[str]) -> str:
    """A pattern for any of the words, the longest first."""
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
