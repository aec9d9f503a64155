"""Which pictures go out with a request, what is left of the others, and the picture that a server could not fetch."""

import asyncio
import ipaddress
import random
from io import BytesIO

import pytest
from PIL import Image

from chat_core import (
    ChatError,
    ChatRequest,
    Connection,
    ImagePart,
    ImagePolicy,
    Message,
    RemoteImage,
    Started,
    assistant,
    chat,
    complete,
    load_image,
    stream_chat,
    tokens,
    user,
)
from chat_core.conversation import sendable
from chat_core.errors import FetchError, ImageNotFetched, ImageRefused
from chat_core.fetch import Fetcher
from chat_core.wire import build
from tests import scripted_server as play
from tests.scripted_server import Exchange, Script, ScriptedServer

RED = ImagePart(b"red", "image/png", 640, 480, "red.png")
BLUE = ImagePart(b"blue", "image/jpeg", 10, 20, detail="low")
CAT = RemoteImage("https://example.com/cat.png")
MENTIONED = {
    "red": "[earlier picture, not sent again: red.png, 640 x 480 pixels]",
    "blue": "[earlier picture, not sent again: 10 x 20 pixels]",
    "cat": "[earlier picture, not sent again: https://example.com/cat.png]",
}
TURNS = (
    user(RED, "one"),
    assistant("1"),
    user("two ", CAT, " end"),
    assistant("2"),
    user("three"),
    assistant("3"),
    user(BLUE, RED, "four"),
)


def texts(message: Message) -> list[str]:
    return [part.text for part in message.parts if hasattr(part, "text")]


@pytest.mark.parametrize(
    ("keep", "places", "left_out"),
    [
        (None, [0, 2, 6], 0),
        (9, [0, 2, 6], 0),
        (4, [0, 2, 6], 0),
        (3, [2, 6], 1),
        (2, [6], 2),
        (1, [6], 2),
        (0, [], 4),
        (-1, [], 4),
    ],
)
def test_pictures_of_the_last_user_messages_are_kept(keep: int | None, places: list[int], left_out: int) -> None:
    sent = ImagePolicy(keep).applied(TURNS, "gpt-4o")
    assert [place for place, message in enumerate(sent.messages) if message.images] == places
    assert sent.left_out == left_out
    assert [message.role for message in sent.messages] == [message.role for message in TURNS]


def test_of_an_older_picture_a_line_is_left_where_it_stood() -> None:
    sent = ImagePolicy(0).applied(TURNS, "gpt-4o").messages
    assert texts(sent[0]) == [MENTIONED["red"], "one"]
    assert texts(sent[2]) == ["two ", MENTIONED["cat"], " end"]
    assert texts(sent[6]) == [MENTIONED["blue"], MENTIONED["red"], "four"]
    pasted = ImagePolicy(0).applied((user(RemoteImage("data:image/png;base64,AAAA")), user("x")), "gpt-4o").messages[0]
    assert texts(pasted) == ["[earlier picture, not sent again]"]


def test_what_is_left_out_is_told_and_not_in_the_body() -> None:
    outgoing = build(ChatRequest("gpt-4o", TURNS))
    assert [(told.parameter, told.reason, told.value) for told in outgoing.adjustments] == [
        ("messages", "old_pictures_left_out", "2")
    ]
    # A message without pictures is a plain string again, which any server takes.
    assert outgoing.body["messages"][0]["content"] == f"{MENTIONED['red']}\n\none"


@pytest.mark.parametrize(
    ("model", "detail", "sent"),
    [
        ("gpt-4o", "low", "low"),
        ("gpt-4o", "auto", "auto"),
        ("gpt-4o", "original", None),
        ("gpt-5.2", "original", None),
        ("gpt-5.4", "original", "original"),
        ("gpt-5.6-luna", "original", "original"),
        ("gpt-6-sol", "high", "high"),  # nothing is known of it: the server will say
        ("somebodys-model", "original", "original"),
        ("gpt-4o", None, None),
    ],
)
def test_a_level_of_detail_goes_to_models_that_take_it(model, detail, sent) -> None:
    outgoing = build(ChatRequest(model, (user(RED, "look"),), image_policy=ImagePolicy(detail=detail)))
    image = outgoing.body["messages"][0]["content"][0]["image_url"]
    assert image.get("detail") == sent
    told = [adjustment.parameter for adjustment in outgoing.adjustments]
    assert told == (["detail"] if detail != sent else [])


def test_a_pictures_own_level_wins() -> None:
    sent = ImagePolicy(detail="high").applied((user(BLUE, RED, CAT, "look"),), "gpt-4o").messages[0]
    assert [image.detail for image in sent.images] == ["low", "high", "high"]


# --- what a conversation sends ---------------------------------------------------------------------------------------


def photograph(size: int) -> ImagePart:
    """A picture of at least so many bytes, as a camera would make it."""
    side = 1600
    noise = Image.frombytes("RGB", (side, side), random.Random(5).randbytes(side * side * 3))
    data = BytesIO()
    noise.save(data, "JPEG", quality=92)
    assert len(data.getvalue()) >= size
    return load_image(data.getvalue(), name="photo.jpg")


async def test_ten_text_turns_after_a_picture_send_it_twice_and_the_estimate_is_of_what_was_sent() -> None:
    picture = await asyncio.to_thread(photograph, 2_000_000)
    history: list[Message] = []
    estimates = []
    with ScriptedServer(play.answer("Seen.", usage=None)) as server:
        connection = Connection("custom", server.base_url)
        for turn in range(11):
            history.append(user(picture, "What is this?") if turn == 0 else user(f"And {turn}?"))
            request = ChatRequest("gpt-4o", sendable(history))
            estimate = tokens.estimate(request.sent.messages, "gpt-4o")
            completion = await complete(connection, request)
            assert completion.usage is not None
            assert completion.usage.input_tokens == estimate.input_tokens
            estimates.append(estimate.image_tokens)
            history.append(assistant(completion.text))
        carried = [b"base64," in exchange.raw for exchange in server.requests]
        whole = sum(len(exchange.raw) for exchange in server.requests)
    assert carried == [True, True] + [False] * 9
    assert whole < 2 * len(picture.data) * 4 / 3 + 100_000
    assert estimates == [765, 765] + [0] * 9


# --- a picture that the server could not fetch -----------------------------------------------------------------------


def png() -> bytes:
    data = BytesIO()
    Image.new("RGB", (64, 48), "teal").save(data, "PNG")
    return data.getvalue()


def without_eyes(refusal: Script, picture: bytes = b"") -> Script:
    """Refuses a request with a picture's URL in it, takes one with the picture, and serves the picture."""

    async def script(exchange: Exchange) -> None:
        if exchange.method == "GET":
            await play.reply(200 if picture else 404, picture or "gone", "image/png")(exchange)
        else:
            await (refusal if b"cat.png" in exchange.raw else play.answer("A square."))(exchange)

    return script


def near(server: ScriptedServer) -> Fetcher:
    """A fetcher for which cats.example is the scripted server."""

    async def resolve(host: str) -> list[str]:
        return ["127.0.0.1"]

    loopback = ipaddress.ip_address("127.0.0.1")
    return Fetcher(resolve=resolve, allow=lambda address: address == loopback, ports=frozenset({server.port}))


async def asked(server: ScriptedServer, *messages: Message) -> tuple[list[Started], ChatError | None]:
    request = ChatRequest("gpt-4o", messages, image_policy=ImagePolicy(1, "low"))
    started = []
    try:
        async for event in stream_chat(Connection("custom", server.base_url), request, fetcher=near(server)):
            if isinstance(event, Started):
                started.append(event)
    except ChatError as error:
        return started, error
    return started, None


REFUSALS = {
    "while downloading": play.error(400, "Error while downloading http://cats.example/cat.png."),
    "timeout": play.error(400, "Timeout while downloading http://cats.example/cat.png.", "invalid_value", "url"),
    "by its code": play.error(400, "Something about a URL.", "invalid_image_url"),
    "failed to": play.error(400, "Failed to download image from http://cats.example/cat.png. Size exceeds the limit."),
    "fetches nothing": play.error(400, "invalid image input"),
}


@pytest.mark.parametrize("refusal", REFUSALS.values(), ids=REFUSALS)
async def test_what_the_server_could_not_fetch_is_fetched_here_and_sent(refusal: Script) -> None:
    with ScriptedServer(without_eyes(refusal, png())) as server:
        cat = RemoteImage(f"http://cats.example:{server.port}/cat.png")
        old = RemoteImage(f"http://cats.example:{server.port}/old.png")
        started, error = await asked(server, user(old, "Once"), assistant("Yes."), user("Look: ", cat))
        fetched = [exchange.path for exchange in server.all_requests if exchange.method == "GET"]
    assert error is None
    assert fetched == ["/cat.png"]
    assert len(server.requests) == 2
    told = [(adjustment.reason, adjustment.value) for adjustment in started[-1].adjustments]
    assert told == [("old_pictures_left_out", "1"), ("picture_fetched_here", "cats.example")]
    text, image = server.requests[1].body["messages"][-1]["content"]
    assert text["text"] == "Look: "
    assert image["image_url"]["url"].startswith("data:image/png;base64,")
    assert image["image_url"]["detail"] == "low"


async def test_what_cannot_be_fetched_here_either_is_told() -> None:
    with ScriptedServer(without_eyes(REFUSALS["timeout"])) as server:
        _, error = await asked(server, user(RemoteImage(f"http://cats.example:{server.port}/cat.png")))
    assert isinstance(error, FetchError)
    assert error.fields["reason"] == "status"
    assert len(server.requests) == 1


async def test_more_links_than_a_message_may_have_files_are_not_fetched() -> None:
    with ScriptedServer(without_eyes(REFUSALS["timeout"], png())) as server:
        cat = RemoteImage(f"http://cats.example:{server.port}/cat.png")
        _, error = await asked(server, user(*[cat] * (chat.MOST_FETCHED + 1)))
        assert [exchange.method for exchange in server.all_requests] == ["POST"]
    assert isinstance(error, ImageNotFetched)


async def test_a_second_refusal_is_an_error() -> None:
    with ScriptedServer() as server:
        cat = RemoteImage(f"http://cats.example:{server.port}/cat.png")
        refused = play.error(400, "Failed to load image.")

        async def script(exchange: Exchange) -> None:
            await (refused if exchange.method == "POST" else play.reply(200, png(), "image/png"))(exchange)

        server.script = script
        _, error = await asked(server, user(cat))
    assert isinstance(error, ImageNotFetched)
    assert len(server.requests) == 2


@pytest.mark.parametrize(
    ("message", "picture"),
    [
        ("Invalid content type. image_url is only supported by certain models.", CAT),
        ("You uploaded an unsupported image.", CAT),
        ("Failed to load image.", RED),
    ],
)
async def test_other_refusals_of_pictures_are_not_asked_again(message: str, picture: RemoteImage | ImagePart) -> None:
    with ScriptedServer(play.error(400, message)) as server:
        _, error = await asked(server, user(picture))
    assert isinstance(error, ImageRefused)
    assert len(server.requests) == 1
