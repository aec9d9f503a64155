"""What the benchmarks measure is what they say: here the page with earlier messages. Speed itself is nobody's test."""

import sys

import pytest
from playwright.sync_api import Page, expect

from benchmarks.vitrine_app import _build_with_conversation
from chat_core.connections import Connection
from chat_core.settings import Settings


@pytest.mark.parametrize("messages", [0, 4])
def test_the_page_that_is_measured_shows_its_conversation(
    page: Page, monkeypatch: pytest.MonkeyPatch, messages: int
) -> None:
    monkeypatch.setattr(sys, "argv", ["vitrine_app", str(messages)])
    app = _build_with_conversation(Settings(), Connection("custom", "http://127.0.0.1:9/v1", "sk-test-1234567890"))
    _, address, _ = app.page.launch(prevent_thread_lock=True, quiet=True, **app.launch_options)
    try:
        page.goto(address)
        expect(page.locator('#chatbot [data-testid="bot"]:visible')).to_have_count(messages // 2)
        expect(page.locator("#first-screen")).to_have_count(0 if messages else 1)
    finally:
        app.page.close()
