"""Which earlier messages go along with the next one."""

import pytest

from chat_core.conversation import sendable
from chat_core.messages import Message, assistant, system, user


def talk(words: str) -> tuple[Message, ...]:
    """Messages from a line such as ``u1 a1 u2``."""
    make = {"u": user, "a": assistant, "s": system}
    return tuple(make[word[0]](word) for word in words.split())


@pytest.mark.parametrize(
    ("messages", "turns", "sent"),
    [
        ("", None, ""),
        ("", 0, ""),
        ("u1", None, "u1"),
        ("u1", 0, "u1"),
        ("u1", 3, "u1"),
        ("u1 a1 u2 a2 u3", None, "u1 a1 u2 a2 u3"),
        ("u1 a1 u2 a2 u3", 0, "u3"),
        ("u1 a1 u2 a2 u3", 1, "u2 a2 u3"),
        ("u1 a1 u2 a2 u3", 2, "u1 a1 u2 a2 u3"),
        ("u1 a1 u2 a2 u3", 99, "u1 a1 u2 a2 u3"),
        # A question without an answer is not sent again.
        ("u1 u2", None, "u2"),
        ("u1 u2", 1, "u2"),
        ("u1 a1 u2 u3", None, "u1 a1 u3"),
        ("u1 a1 u2 u3", 1, "u1 a1 u3"),
        ("u1 a1 u2 u3 a3 u4", 1, "u3 a3 u4"),
        ("u1 a1 u2 u3 a3 u4", 2, "u1 a1 u3 a3 u4"),
        # An answer that comes first is an example, or a greeting.
        ("a0 u1 a1 u2", None, "a0 u1 a1 u2"),
        ("a0 u1 a1 u2", 1, "u1 a1 u2"),
        ("a0 u1 a1 u2", 5, "a0 u1 a1 u2"),
        ("a0 u1", 0, "u1"),
        # An answer that is to be continued takes its question along.
        ("u1 a1", None, "u1 a1"),
        ("u1 a1", 0, "u1 a1"),
        ("u1 a1 u2 a2", None, "u1 a1 u2 a2"),
        ("u1 a1 u2 a2", 0, "u2 a2"),
        ("u1 a1 u2 a2", 1, "u1 a1 u2 a2"),
        ("u0 u1 a1", None, "u1 a1"),
        ("a1", None, "a1"),
        ("s1 u1 a1 u2", None, "s1 u1 a1 u2"),
    ],
)
def test_sendable(messages: str, turns: int | None, sent: str) -> None:
    assert sendable(talk(messages), turns) == talk(sent)
