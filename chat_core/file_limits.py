"""How many files a message may have, and how large a conversation's files may be together. Pure.

The servers' own limits differ and change; these keep a conversation that somebody has made by hand from filling the
memory.
"""

from chat_core.errors import FileError

MOST_FILES = 50
"""Files and pictures of one message."""
LARGEST_CONVERSATION = 256 * 1024 * 1024
"""Bytes of all files of a conversation."""


def too_many(name: str) -> FileError:
    """The error of a message with more than ``MOST_FILES``. ``name``: of the one that is too many."""
    return FileError("A message has too many files.", name=name, reason="too_many", limit=MOST_FILES)


def too_much(name: str) -> FileError:
    """The error of a conversation whose files are larger than ``LARGEST_CONVERSATION``. ``name``: of the last one."""
    message = "The files of a conversation are too large together."
    return FileError(message, name=name, reason="too_much", limit=LARGEST_CONVERSATION)
