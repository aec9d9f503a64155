"""A message on its way into the transcript comes back to the box whatever goes wrong; what comes too late does not."""

import asyncio
import threading
from dataclasses import fields
from pathlib import Path
from typing import Any

import gradio as gr
import pytest

from chat_core import ChatRequest, Clocks, Connection, Settings, user
from chat_core.errors import FileError
from chat_core.file_limits import MOST_FILES
from chat_core.images import as_data_url, load_image
from chat_core.settings import ASSETS
from chat_ui import gradio_messages, responder, transcript
from chat_ui.cards import CARDS, Preset, Run
from chat_ui.chat_tab import begin_anew, halt, take_retry
from chat_ui.controls import Controls
from chat_ui.gradio_messages import Draft
from chat_ui.notes import Note
from chat_ui.texts import t
from chat_ui.turn import Turn
from chat_ui.visit import Visit

NOBODY = Connection("demo", "http://127.0.0.1:9/v1")
PICTURE = str(ASSETS / "examples" / "shapes.png")


async def test_a_full_disk_gives_the_message_back(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_data: bytes, _name: str) -> str:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(responder, "keep_file", full)
    visit = Visit()
    untouched: list[Any] = [None] * len(fields(Controls))
    message = {"text": "Look", "files": [PICTURE]}
    # Outside a running page a toast is a Python warning.
    with pytest.warns(UserWarning, match="unexpected"):
        async for _ in responder.Responder(Settings(), NOBODY).respond(
            message, [], visit, "en", "gpt-5.4-mini", *untouched
        ):
            pass
    assert visit.returned is not None
    assert visit.returned.value == message
    assert not visit.turns


@pytest.mark.usefixtures("closed_pools")
async def test_only_the_edit_of_a_question_cuts_the_conversation(demo_url: str) -> None:
    untouched: list[Any] = [None] * len(fields(Controls))
    desk = responder.Responder(Settings(), Connection("demo", demo_url))
    history = [{"role": role, "content": f"{role} {n}"} for n in range(2) for role in ("user", "assistant")]
    for editing, correcting, kept in ((None, 1, 4), (2, None, 2), (0, 3, 0)):
        visit = Visit(editing=editing, correcting=correcting)
        steps = desk.respond("New", history, visit, "en", "gpt-5.4-mini", *untouched)
        first = await anext(aiter(steps))
        await steps.aclose()
        assert first[:-1] == history[:kept]
        assert (visit.editing, visit.correcting) == (None, None)
        assert not visit.busy


@pytest.mark.usefixtures("closed_pools")
async def test_while_a_message_is_taken_nothing_else_is_begun(monkeypatch: pytest.MonkeyPatch, demo_url: str) -> None:
    taking, let_go = asyncio.Event(), asyncio.Event()

    async def later(draft: Draft, *_: Any) -> list[dict[str, Any]]:
        taking.set()
        await let_go.wait()
        return [{"type": "text", "text": draft.text}]

    monkeypatch.setattr(responder, "user_content", later)
    untouched: list[Any] = [None] * len(fields(Controls))
    desk, visit = responder.Responder(Settings(), Connection("demo", demo_url)), Visit()
    other = [{"role": "user", "content": "Other"}, {"role": "assistant", "content": "Answer"}]

    async def respond(message: str) -> list[Any]:
        return [step async for step in desk.respond(message, [], visit, "en", "gpt-5.4-mini", *untouched)]

    first = asyncio.create_task(respond("First"))
    await taking.wait()
    assert take_retry(other, visit) == (gr.skip(), gr.skip())
    assert await respond("Second") == [gr.skip()]
    assert visit.returned == Draft("Second")
    # The end of an earlier event leaves the box as it is.
    assert await desk.settle(other, visit, "en", "gpt-5.4-mini", None) == tuple(gr.skip() for _ in range(4))
    # New chat: what was being taken goes nowhere, and the next message is not held up.
    _, box, *_ = await begin_anew(visit, "en")
    assert box["value"] == Draft("Second").value
    assert not visit.busy
    let_go.set()
    assert await first == [gr.skip()]
    assert not visit.turns
    assert await respond("Third")
    assert len(visit.turns) == 1
    assert not visit.busy


@pytest.mark.parametrize(
    ("written", "box"), [("", "Wait"), ("and more", "Wait\n\nand more"), ("Wait", "Wait"), (None, "Wait")]
)
async def test_a_message_that_comes_back_stands_once_before_what_was_written(written: Any, box: str) -> None:
    visit = Visit(returned=Draft("Wait"))
    assert (await halt(visit, written))["value"] == {"text": box, "files": []}
    # Whoever comes second, Stop or the end of the turn, has nothing to put back.
    _, freed, *_ = await responder.Responder(Settings(), NOBODY).settle([], visit, "en", "gpt-5.4-mini", written)
    assert "value" not in freed
    assert await halt(visit, written) == gr.skip()


async def test_a_picture_written_out_in_the_text_is_read_in_a_thread_for_files(monkeypatch: pytest.MonkeyPatch) -> None:
    readers: list[str] = []

    def read(source: str) -> object:
        readers.append(threading.current_thread().name)
        return load_image(source)

    monkeypatch.setattr(gradio_messages, "load_image", read)
    url = as_data_url(load_image(Path(PICTURE)))
    parts = await responder.user_content(Draft(f"Look: {url}"), Controls(picture_links="fetch"))
    assert [part["type"] for part in parts if "type" in part] == ["text"]
    assert len(parts) == 2
    (reader,) = readers
    assert reader.startswith("files")


async def test_a_message_with_many_links_to_pictures_fetches_no_more_than_it_may_send(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fetched: list[str] = []

    async def fetch(url: str) -> object:
        fetched.append(url)
        return load_image(Path(PICTURE))

    monkeypatch.setattr(responder, "fetch_image", fetch)
    links = Draft("\n".join(f"https://pictures.example/{n}.png" for n in range(60)), files=((PICTURE, "shapes.png"),))
    with pytest.raises(FileError, match="too many"):
        await responder.user_content(links, Controls(picture_links="fetch"))
    assert len(fetched) == MOST_FILES - 1


@pytest.mark.parametrize("settling", ["settle", "settle_card"])
async def test_a_conversation_that_was_left_does_not_come_back(settling: str) -> None:
    """New chat was pressed between an answer and the event after it, which still holds the old transcript."""
    card = next(card for card in CARDS if len(card.steps) > 1)
    visit = Visit()
    visit.play(Run(card, Preset.of(Controls(), "none")), [])
    visit.abandon()
    visit.leave_card()
    old = [{"role": "user", "content": "Tell me a story"}, {"role": "assistant", "content": "Once upon a time"}]
    ending = getattr(responder.Responder(Settings(), NOBODY), settling)
    shown, _, screen, *_ = await ending(old, visit, "en", "gpt-5.4-mini", None)
    assert shown == []
    assert "visible" not in screen
    assert visit.history == ()
    assert not visit.busy


@pytest.mark.parametrize("asked", [True, False])
async def test_the_end_of_an_answer_does_not_take_the_first_screen_away(asked: bool) -> None:
    # New chat may have been pressed, and answered, while this is still on its way to the page.
    history = [{"role": "user", "content": "Hello"}] if asked else []
    _, _, screen, _ = await responder.Responder(Settings(), NOBODY).settle(history, Visit(), "en", "gpt-5.4-mini", None)
    assert screen.get("visible") is (None if asked else True)


async def test_a_card_that_is_stopped_ends_once_though_its_end_is_told_twice() -> None:
    card = next(card for card in CARDS if len(card.steps) > 1)
    visit = Visit()
    visit.play(Run(card, Preset.of(Controls(), "none")), [])
    turn = Turn(NOBODY, ChatRequest("demo", (user("Tell me a story"),)), Clocks())
    visit.begin(turn)
    turn.stopped = True
    await visit.halt()
    old = [{"role": "user", "content": "Tell me a story"}, {"role": "assistant", "content": "Once"}]
    desk = responder.Responder(Settings(), NOBODY)
    first, second = await asyncio.gather(*(desk.settle_card(old, visit, "en", "gpt-5.4-mini", None) for _ in range(2)))
    assert [note["metadata"]["title"] for note in first[0][2:]] == [
        transcript.note_message(Note(t("en", key), ""), "en")["metadata"]["title"]
        for key in ("note.stopped.title", "card.stopped.title")
    ]
    assert not isinstance(second[0], list)
    assert second[4:-1] == responder.UNMOVED
