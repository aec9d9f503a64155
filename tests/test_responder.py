"""A message on its way into the transcript: whatever goes wrong there, it comes back to the box."""

from dataclasses import fields
from typing import Any

import pytest

from chat_core import Connection, Settings
from chat_core.settings import ASSETS
from chat_ui import responder
from chat_ui.controls import Controls
from chat_ui.visit import Visit

PICTURE = str(ASSETS / "examples" / "shapes.png")


async def test_a_full_disk_gives_the_message_back(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_data: bytes, _name: str) -> str:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(responder, "keep_file", full)
    visit = Visit()
    nobody = Connection("demo", "http://127.0.0.1:9/v1")
    untouched: list[Any] = [None] * len(fields(Controls))
    message = {"text": "Look", "files": [PICTURE]}
    # Outside a running page a toast is a Python warning.
    with pytest.warns(UserWarning, match="unexpected"):
        async for _ in responder.Responder(Settings(), nobody).respond(
            message, [], visit, "en", "gpt-5.4-mini", *untouched
        ):
            pass
    assert visit.returned is not None
    assert visit.returned.value == message
    assert not visit.turns
