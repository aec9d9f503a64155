"""Which of the earlier messages are sent with the next one. Pure: the core keeps no conversation, the caller does."""

from collections.abc import Sequence
from itertools import pairwise

from chat_core.messages import Message


def sendable(messages: Sequence[Message], turns: int | None = None) -> tuple[Message, ...]:
    """The messages to send: answered turns, and the last message whatever it is.

    A user message that got no answer is left out, since a model would take it for part of the question. ``turns``: how
    many earlier user turns go along; None: all of them, 0: none, so that the model knows only the last message.
    """
    if not messages:
        return ()
    last = messages[-1]
    answered = [
        message for message, following in pairwise(messages) if message.role != "user" or following.role == "assistant"
    ]
    if last.role == "assistant":
        # The answer is to be continued: its own question is part of it.
        return (*_last_turns(answered, None if turns is None else turns + 1), last)
    return (*_last_turns(answered, turns), last)


def _last_turns(messages: list[Message], turns: int | None) -> list[Message]:
    """The tail that begins with the ``turns``-th last user message."""
    if turns is None:
        return messages
    starts = [index for index, message in enumerate(messages) if message.role == "user"]
    if turns <= 0:
        return []
    return messages[starts[-turns] :] if len(starts) >= turns else messages
