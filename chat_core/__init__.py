"""Vitrine's engine: one way to call a model, with everything sent, answered and paid for in plain sight.

    from chat_core import ChatRequest, Settings, complete, connection_from, user

    connection = connection_from(Settings.load())
    completion = await complete(connection, ChatRequest("gpt-5.4-mini", (user("Hello"),)))

Importing it touches no network, needs no key and loads no user interface. Read ``chat.py`` next.
"""

from chat_core.chat import complete, stream_chat
from chat_core.connections import Connection
from chat_core.connections import from_settings as connection_from
from chat_core.errors import ChatError
from chat_core.events import (
    Adjustment,
    Completion,
    Finished,
    ReasoningDelta,
    RefusalDelta,
    Retrying,
    Started,
    TextDelta,
    Usage,
)
from chat_core.extract_task import prepare as extraction_task
from chat_core.extraction import Extraction, extract
from chat_core.fetch import fetch_image
from chat_core.images import load_image
from chat_core.messages import ImagePart, Message, RemoteImage, TextFile, TextPart, assistant, system, user
from chat_core.pricing import calc_cost
from chat_core.request import ChatRequest, ImagePolicy, JsonObject, JsonSchema, Options
from chat_core.row_extraction import RowDone, RowResult, RowSource, extract_rows
from chat_core.settings import Clocks, Settings
from chat_core.tokens import count_message_tokens, count_tokens, image_tokens

__all__ = [
    "Adjustment",
    "ChatError",
    "ChatRequest",
    "Clocks",
    "Completion",
    "Connection",
    "Extraction",
    "Finished",
    "ImagePart",
    "ImagePolicy",
    "JsonObject",
    "JsonSchema",
    "Message",
    "Options",
    "ReasoningDelta",
    "RefusalDelta",
    "RemoteImage",
    "Retrying",
    "RowDone",
    "RowResult",
    "RowSource",
    "Settings",
    "Started",
    "TextDelta",
    "TextFile",
    "TextPart",
    "Usage",
    "assistant",
    "calc_cost",
    "complete",
    "connection_from",
    "count_message_tokens",
    "count_tokens",
    "extract",
    "extract_rows",
    "extraction_task",
    "fetch_image",
    "image_tokens",
    "load_image",
    "stream_chat",
    "system",
    "user",
]
