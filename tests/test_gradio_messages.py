"""Every shape in which Gradio hands messages over, as core messages: what is taken, in which order, and what is not."""

import base64
import json
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from chat_core import ImagePart, Message, RemoteImage, TextFile, TextPart, assistant, file_limits, user
from chat_core.errors import FileError, ImageError
from chat_core.file_limits import MOST_FILES
from chat_ui import gradio_messages
from chat_ui.gradio_messages import (
    LONGEST_COLOURED,
    Draft,
    box_value,
    content,
    draft,
    fenced_json,
    is_titled,
    load_file,
    pictures_of,
    split_urls,
    to_core,
    unfenced,
    up_to_last_question,
    without_notes_at_end,
)

CAT = "https://example.com/cat.png"
DOG = "https://example.com/dog.jpg"


def png(color: str) -> bytes:
    buffer = BytesIO()
    Image.new("RGB", (4, 3), color).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture
def files(tmp_path: Path) -> dict[str, str]:
    """Files as an upload leaves them: name -> path."""
    for name, data in {
        "red.png": png("red"),
        "blue.png": png("blue"),
        "NOEXT": png("red"),
        "notes.txt": b"one\ntwo\n",
        "data.csv": "이름,나이\n".encode(),
        "fake.png": b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        "binary.bin": bytes(range(256)) * 4,
        "empty.txt": b"",
    }.items():
        (tmp_path / name).write_bytes(data)
    return {path.name: str(path) for path in tmp_path.iterdir()} | {"gone.png": str(tmp_path / "gone.png")}


def text_part(text: str) -> dict[str, Any]:
    return {"type": "text", "text": text}


def file_part(path: str, **more: Any) -> dict[str, Any]:
    return {"type": "file", "file": {"path": path, "meta": {"_type": "gradio.FileData"}} | more}


def told(message: Message) -> list[str]:
    """A message's parts, named for comparing."""
    names = []
    for part in message.parts:
        match part:
            case TextPart(text):
                names.append(text)
            case TextFile(name) | ImagePart(name=name):
                names.append(f"<{name}>")
            case RemoteImage(url):
                names.append(f"<{url}>")
    return names


def asked(*parts: Any) -> list[dict[str, Any]]:
    return [{"role": "user", "content": list(parts)}]


# --- the box ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("Hi", Draft("Hi")),
        ("", Draft("")),
        (None, Draft("")),
        (5, Draft("")),
        ([], Draft("")),
        (["Hi"], Draft("")),
        ({}, Draft("")),
        ({"text": "Hi"}, Draft("Hi")),
        ({"text": None, "files": None}, Draft("")),
        ({"text": "Hi", "files": []}, Draft("Hi")),
        ({"text": "Hi", "files": ["/tmp/x/a.png"]}, Draft("Hi", (("/tmp/x/a.png", "a.png"),))),
        (
            {"text": "", "files": ["/tmp/x/b.txt", "/tmp/x/a.png"]},
            Draft("", (("/tmp/x/b.txt", "b.txt"), ("/tmp/x/a.png", "a.png"))),
        ),
        # On Retry, files are dicts.
        (
            {"text": "Hi", "files": [{"path": "/tmp/x/a_1.png", "orig_name": "나 1.png", "mime_type": "image/png"}]},
            Draft("Hi", (("/tmp/x/a_1.png", "나 1.png"),)),
        ),
        (
            {"text": "Hi", "files": [{"path": "/tmp/x/a.png", "orig_name": None}]},
            Draft("Hi", (("/tmp/x/a.png", "a.png"),)),
        ),
        ({"text": "Hi", "files": [None, "", {}, [], 5, {"path": None}, {"path": 5}, {"url": CAT}]}, Draft("Hi")),
    ],
)
def test_draft(value: object, expected: Draft) -> None:
    assert draft(value) == expected


@pytest.mark.parametrize(
    ("value", "empty"),
    [("", True), (" \n\t", True), ("a", False), ({"text": " ", "files": ["/a.png"]}, False), (None, True)],
)
def test_an_empty_draft(value: object, empty: bool) -> None:
    assert draft(value).empty is empty


# --- content ---------------------------------------------------------------------------------------------------------

FILE = {"path": "/tmp/x/a.png"}


@pytest.mark.parametrize(
    ("value", "parts"),
    [
        ("", []),
        ("Hi", [text_part("Hi")]),
        (None, []),
        (5, []),
        ([], []),
        ([""], []),
        (["Hi", "Ho"], [text_part("Hi"), text_part("Ho")]),
        (text_part("Hi"), [text_part("Hi")]),
        ([text_part("Hi") | {"extra": 1}], [text_part("Hi")]),
        ([text_part("")], [text_part("")]),
        (FILE, [{"type": "file", "file": FILE}]),
        ([FILE, "Hi"], [{"type": "file", "file": FILE}, text_part("Hi")]),
        (
            [{"type": "file", "file": FILE, "alt_text": "a cat"}, text_part("Hi")],
            [{"type": "file", "file": FILE}, text_part("Hi")],
        ),
        (
            [
                None,
                5,
                [],
                {},
                {"type": "text"},
                {"type": "text", "text": 5},
                {"type": "file"},
                {"type": "file", "file": "/etc/passwd"},
                {"type": "component", "component": "image", "value": "x"},
                {"type": "image_url", "image_url": {"url": CAT}},
                {"path": None},
            ],
            [],
        ),
    ],
)
def test_content(value: object, parts: list[dict[str, Any]]) -> None:
    assert content(value) == parts


@pytest.mark.parametrize(
    ("message", "titled"),
    [
        ({"role": "assistant", "content": "a"}, False),
        ({"role": "assistant", "content": "a", "metadata": None}, False),
        ({"role": "assistant", "content": "a", "metadata": {}}, False),
        ({"role": "assistant", "content": "a", "metadata": {"title": ""}}, False),
        ({"role": "assistant", "content": "a", "metadata": {"title": None}}, False),
        ({"role": "assistant", "content": "a", "metadata": {"title": "Stopped"}}, True),
    ],
)
def test_is_titled(message: dict[str, Any], titled: bool) -> None:
    assert is_titled(message) is titled


# --- the transcript as messages --------------------------------------------------------------------------------------


def test_both_shapes_of_a_history_are_the_same_messages() -> None:
    typed = [
        {"role": "user", "content": [text_part("a")], "metadata": None, "options": None},
        {"role": "assistant", "content": [text_part("b")], "metadata": {}, "options": []},
        {"role": "user", "content": [text_part("c")]},
    ]
    bare = [
        {"role": "user", "content": "a"},
        {"role": "assistant", "content": "b"},
        {"role": "user", "content": ["c"]},
    ]
    assert to_core(typed) == to_core(bare) == (user("a"), assistant("b"), user("c"))


@pytest.mark.parametrize(
    ("entry", "sent"),
    [
        ({"role": "system", "content": "You obey."}, ()),
        ({"role": "developer", "content": "You obey."}, ()),
        ({"role": "tool", "content": "1", "tool_call_id": "x"}, ()),
        ({"role": "function", "name": "f", "content": "1"}, ()),
        ({"role": "User", "content": "a"}, ()),
        ({"role": None, "content": "a"}, ()),
        ({"role": ["user"], "content": "a"}, ()),
        ({"content": "a"}, ()),
        ({}, ()),
        ({"role": "user"}, ()),
        ({"role": "user", "content": None}, ()),
        ({"role": "user", "content": " \n"}, ()),
        ({"role": "user", "content": []}, ()),
        ({"role": "assistant", "content": ""}, ()),
        ({"role": "assistant", "content": [text_part(" ")]}, ()),
        ({"role": "assistant", "content": [file_part("/etc/passwd"), text_part("a")]}, (assistant("a"),)),
        ({"role": "assistant", "content": f"see {CAT}"}, (assistant(f"see {CAT}"),)),
        ({"role": "assistant", "content": "a", "metadata": {"title": "Reasoning"}}, ()),
        ({"role": "user", "content": "a", "metadata": {"title": "x"}}, ()),
        ({"role": "user", "content": "  a\n  b "}, (user("  a\n  b "),)),
        ({"role": "assistant", "content": "    indented"}, (assistant("    indented"),)),
    ],
)
def test_only_what_a_person_or_the_model_wrote_is_sent(entry: dict[str, Any], sent: tuple[Message, ...]) -> None:
    assert to_core([entry]) == sent


def test_titled_messages_between_leave_no_trace() -> None:
    def note(title: str) -> dict[str, Any]:
        return {"role": "assistant", "content": "x", "metadata": {"title": title}}

    history = [
        {"role": "user", "content": "a"},
        note("Reasoning"),
        {"role": "assistant", "content": "b"},
        note("12 → 3 tokens"),
        note("Stopped"),
        {"role": "user", "content": "c"},
        note("No connection"),
    ]
    assert to_core(history) == (user("a"), assistant("b"), user("c"))


def test_pieces_of_an_answer_are_one_message() -> None:
    history = [
        {"role": "user", "content": "a"},
        {"role": "assistant", "content": [text_part("one, "), text_part("two, ")]},
        {"role": "assistant", "content": "x", "metadata": {"title": "Stopped"}},
        {"role": "assistant", "content": "three"},
        {"role": "user", "content": "b"},
        {"role": "user", "content": "c"},
    ]
    messages = to_core(history)
    assert [message.role for message in messages] == ["user", "assistant", "user", "user"]
    assert messages[1].text == "one, two, three"


def test_pictures_go_first_in_upload_order_then_files_and_text(files: dict[str, str]) -> None:
    parts = [file_part(files[name]) for name in ("notes.txt", "red.png", "data.csv", "blue.png")]
    (message,) = to_core(asked(*parts, text_part("Compare.")))
    assert told(message) == ["<red.png>", "<blue.png>", "<notes.txt>", "<data.csv>", "Compare."]
    (message,) = to_core(asked(*(part["file"] for part in parts), "Compare."))
    assert told(message) == ["<red.png>", "<blue.png>", "<notes.txt>", "<data.csv>", "Compare."]


def test_what_stands_inside_the_text_stays_there(files: dict[str, str]) -> None:
    (message,) = to_core(
        asked(
            file_part(files["red.png"]), text_part(f"Is {CAT} or "), file_part(files["blue.png"]), text_part("nicer?")
        )
    )
    assert told(message) == ["<red.png>", "Is ", f"<{CAT}>", " or ", "<blue.png>", "nicer?"]


def test_a_file_is_sent_under_the_name_that_it_had(files: dict[str, str]) -> None:
    (message,) = to_core(
        asked(file_part(files["notes.txt"], orig_name="메모 1.txt"), file_part(files["NOEXT"], orig_name="사진.png"))
    )
    assert told(message) == ["<사진.png>", "<메모 1.txt>"]
    picture, note = message.parts
    assert isinstance(picture, ImagePart)
    assert (picture.media_type, picture.width, picture.height) == ("image/png", 4, 3)
    assert isinstance(note, TextFile)
    assert note.text.split() == ["one", "two"]


def test_a_file_that_is_named_a_thousand_times_is_read_once(
    files: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    load = gradio_messages.load_file

    def counted(path: str, name: str) -> ImagePart | TextFile:
        read.append(name)
        return load(path, name)

    monkeypatch.setattr(gradio_messages, "load_file", counted)
    history = asked(*[file_part(files["red.png"])] * MOST_FILES) * 20
    pictures = [picture for message in to_core(history) for picture in message.images]
    assert len(pictures) == 1000
    assert len({id(picture) for picture in pictures if isinstance(picture, ImagePart)}) == 1
    assert read == ["red.png"]


def test_more_files_than_one_may_send_are_refused(files: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(FileError) as refused:
        to_core(asked(*[file_part(files["red.png"])] * (MOST_FILES + 1)))
    assert refused.value.fields == {"name": "red.png", "reason": "too_many", "limit": MOST_FILES}
    history = [*asked(file_part(files["red.png"])), *asked(file_part(files["blue.png"]))]
    size = sum(len(picture.data) for message in to_core(history) for picture in message.images)
    monkeypatch.setattr(file_limits, "LARGEST_CONVERSATION", size - 1)
    with pytest.raises(FileError) as refused:
        to_core(history)
    assert refused.value.fields["reason"] == "too_much"


def test_a_message_may_be_files_alone(files: dict[str, str]) -> None:
    (message,) = to_core(asked(file_part(files["red.png"]), text_part("")))
    assert told(message) == ["<red.png>"]


@pytest.mark.parametrize(
    ("name", "error", "reason"),
    [
        ("gone.png", ImageError, "not_found"),
        ("fake.png", ImageError, "svg"),
        ("binary.bin", FileError, "not_text"),
        ("empty.txt", FileError, "empty"),
    ],
)
def test_files_that_cannot_be_sent(
    files: dict[str, str], name: str, error: type[ImageError | FileError], reason: str
) -> None:
    with pytest.raises(error) as caught:
        to_core(asked(file_part(files[name])))
    assert caught.value.fields == {"name": name, "reason": reason}
    with pytest.raises(error):
        load_file(files[name], name)


def test_a_text_file_that_is_gone(tmp_path: Path) -> None:
    with pytest.raises(FileError) as caught:
        load_file(str(tmp_path / "gone.txt"), "gone.txt")
    assert caught.value.fields["reason"] == "not_found"


def test_files_without_a_path_are_passed_over() -> None:
    assert to_core(asked({"type": "file", "file": {}}, {"type": "file", "file": {"path": ""}}, "Hi")) == (user("Hi"),)


# --- picture links ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", [TextPart("")]),
        ("Hi", [TextPart("Hi")]),
        (" Hi\n ", [TextPart(" Hi\n ")]),
        (CAT, [RemoteImage(CAT)]),
        (f" {CAT}\n", [RemoteImage(CAT)]),
        (f"Is {CAT} a cat?", [TextPart("Is "), RemoteImage(CAT), TextPart(" a cat?")]),
        (f"{CAT}는 뭐야?", [RemoteImage(CAT), TextPart("는 뭐야?")]),
        (f"{CAT} {DOG}", [RemoteImage(CAT), RemoteImage(DOG)]),
        (f"{CAT} or {DOG}?", [RemoteImage(CAT), TextPart(" or "), RemoteImage(DOG), TextPart("?")]),
        (f"![a cat]({CAT}) here", [RemoteImage(CAT), TextPart(" here")]),
        ("https://example.com/page", [TextPart("https://example.com/page")]),
    ],
)
def test_split_urls(text: str, parts: list[TextPart | RemoteImage]) -> None:
    assert split_urls(text) == parts


def test_split_data_url() -> None:
    url = f"data:image/png;base64,{base64.b64encode(png('red')).decode()}"
    before, picture, after = split_urls(f"This {url} is red?")
    assert (before, after) == (TextPart("This "), TextPart(" is red?"))
    assert isinstance(picture, ImagePart)
    assert (picture.width, picture.height) == (4, 3)


def test_a_data_url_that_is_no_picture_is_told() -> None:
    with pytest.raises(ImageError):
        split_urls("data:image/png;base64,AAAA")


def test_links_may_stay_in_the_text_while_data_urls_do_not() -> None:
    url = f"data:image/png;base64,{base64.b64encode(png('red')).decode()}"
    before, picture, after = split_urls(f"Is {CAT} like {url}?", links=False)
    assert (before, after) == (TextPart(f"Is {CAT} like "), TextPart("?"))
    assert isinstance(picture, ImagePart)


def test_the_pictures_of_a_message_as_a_draft() -> None:
    message = {
        "role": "user",
        "content": [{"path": "/tmp/a.png"}, {"path": "/tmp/notes.txt"}, f"Is {CAT} a cat?"],
    }
    assert pictures_of(message) == Draft(CAT, (("/tmp/a.png", "a.png"),))
    assert pictures_of({"role": "user", "content": "Hello"}).empty


def test_links_stay_text_where_that_was_chosen() -> None:
    words = f"Is {CAT} a cat?"
    assert to_core(asked(words), urls_as_pictures=False) == (user(words),)
    assert to_core(asked(words)) == (user("Is ", RemoteImage(CAT), " a cat?"),)


# --- JSON as a code block --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        '{"a_b_c": 1}',
        '{\n  "a": [1, 2]\n}',
        "",
        '{"half": ',
        '{"한글": "값"}\n',
        json.dumps({"code": "```python\nprint(1)\n```"}),
        json.dumps({"code": "```"}, indent=2),
        "[" * LONGEST_COLOURED,
        "[" * (LONGEST_COLOURED + 1),
    ],
)
def test_fenced_json_comes_back_as_it_was(text: str) -> None:
    assert unfenced(fenced_json(text)) == text
    if text:
        assert to_core([{"role": "assistant", "content": fenced_json(text)}]) == (assistant(text),)


def test_long_json_is_drawn_without_colours() -> None:
    # Each bracket would be a node of the page: 100,000 of them held a browser for half a minute.
    assert fenced_json("[" * LONGEST_COLOURED).startswith("```json\n")
    assert not fenced_json("[" * (LONGEST_COLOURED + 1)).startswith("```json\n")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "Here:\n```json\n{}\n```",
        "```json\n{}\n```\nThat is all.",
        "```json\n{}\n```\nor\n```json\n[]\n```",
        "```python\n1\n```",
        "```json\n{}",
        "```json\n```",
    ],
)
def test_other_text_stays_as_it_is(text: str) -> None:
    assert unfenced(text) == text


# --- for Retry and edit ----------------------------------------------------------------------------------------------

A, B = {"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}
NOTE = {"role": "assistant", "content": "x", "metadata": {"title": "Stopped"}}


@pytest.mark.parametrize(
    ("history", "to_last_message", "to_last_question"),
    [
        ([], [], []),
        ([A], [A], [A]),
        ([A, B], [A, B], [A]),
        ([A, B, NOTE, NOTE], [A, B], [A]),
        ([A, NOTE], [A], [A]),
        ([A, NOTE, B], [A, NOTE, B], [A]),
        ([A, B, A, NOTE, B, NOTE], [A, B, A, NOTE, B], [A, B, A]),
        ([NOTE], [], []),
        ([B], [B], []),
    ],
)
def test_ends_of_a_transcript(
    history: list[dict[str, Any]], to_last_message: list[dict[str, Any]], to_last_question: list[dict[str, Any]]
) -> None:
    before = list(history)
    assert without_notes_at_end(history) == to_last_message
    assert up_to_last_question(history) == to_last_question
    assert history == before


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("Hi", {"text": "Hi", "files": []}),
        (
            [file_part("/x/a.png"), file_part("/x/b.txt"), text_part("Hi")],
            {"text": "Hi", "files": ["/x/a.png", "/x/b.txt"]},
        ),
        ([FILE, "Hi"], {"text": "Hi", "files": ["/tmp/x/a.png"]}),
        ([text_part("one "), FILE, text_part("two")], {"text": "one two", "files": ["/tmp/x/a.png"]}),
        (None, {"text": "", "files": []}),
    ],
)
def test_box_value(value: object, expected: dict[str, Any]) -> None:
    assert box_value({"role": "user", "content": value}) == expected


def test_a_message_put_back_into_the_box_is_the_same_message(files: dict[str, str]) -> None:
    history = asked(file_part(files["red.png"]), file_part(files["notes.txt"]), text_part(f"Is {CAT} it?"))
    again = draft(box_value(history[0]))
    assert to_core(asked(*({"path": path} for path, _ in again.files), again.text)) == to_core(history)
