"""Regular expressions that are compiled when they are first used, or when there is time for it.

There are some three hundred, most of them with the whole of Hangul in a class, which takes ``re`` a millisecond and
more each: compiled at import, they were a third of the server's start.
"""

import re
from collections.abc import Iterator
from functools import cached_property
from typing import Any, cast

_all: list["_LazyRegex"] = []


class _LazyRegex:
    """Stands for a pattern; takes over its methods one by one, so that a call costs nothing more from then on."""

    def __init__(self, text: str, flags: int) -> None:
        self._text = text
        self._flags = flags
        _all.append(self)

    @cached_property
    def compiled(self) -> re.Pattern[str]:
        return re.compile(self._text, self._flags)

    def __getattr__(self, name: str) -> Any:
        taken = getattr(self.compiled, name)
        setattr(self, name, taken)
        return taken


def lazy_regex(text: str, flags: int = 0) -> re.Pattern[str]:
    """``re.compile``, put off. For patterns that live as long as the process."""
    return cast("re.Pattern[str]", _LazyRegex(text, flags))


def compile_one_by_one() -> Iterator[None]:
    """Compile what is not compiled yet, pausing after each. Raises ``re.error`` for a pattern that is none."""
    for regex in _all:
        _ = regex.compiled
        yield
