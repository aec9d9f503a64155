"""A question and the pictures beside it -> what was measured, in words.

Each topic is a function from ``View`` to text, or None if it has nothing to say of that picture; the first that has is
the answer. What no topic answers is described.
"""

from collections.abc import Sequence

from demo_model.call import Measured, Picture, Unfetched
from demo_model.grammar import Text, joined
from demo_model.pictures import questions
from demo_model.pictures.comparisons import all_compared, changed_copy
from demo_model.pictures.descriptions import described
from demo_model.pictures.pieces import PIECES
from demo_model.pictures.questions import Asked
from demo_model.pictures.topics import TOPICS, counts, shows_what_is_there
from demo_model.pictures.view import PAGES, View
from demo_model.pictures.words import PictureWords
from demo_model.speaker import Speaker


def answer(question: str, speaker: Speaker, pictures: tuple[Picture, ...]) -> Text:
    """What is asked about the pictures of a message. ``pictures``: at least one."""
    words = PictureWords(speaker)
    paragraphs: dict[Text, None] = {}  # questions that come to the same are answered once
    connect = speaker.say("connect")
    for asked in questions.read_all(question):
        told = _answer(asked, speaker, words, pictures)
        cannot = _limits(asked, pictures, speaker, connect)
        connect = Text() if cannot else connect
        cannot_first = {"read", "name"} & set(asked.topics)
        paragraphs |= dict.fromkeys((cannot, *told) if cannot_first else (*told, cannot))
    return joined("\n\n", paragraphs)


def _answer(asked: Asked, speaker: Speaker, words: PictureWords, pictures: tuple[Picture, ...]) -> list[Text]:
    """What there is to say to one question, a paragraph for each picture that it is said of."""
    if "difference" in asked.topics and (compared := all_compared(pictures, speaker, words)):
        return [compared]
    told = [_of_one(picture, asked, speaker, words) for picture in pictures]
    if not asked.piece and asked.topic in (None, "describe") and (changed := changed_copy(pictures, speaker, words)):
        told[1] = changed
    if len(told) == 1:
        return told
    # The first line of data, too, is a line of its own.
    separator = "\n" if asked.piece else ""
    return [speaker.say("picture_place", number=number) + separator + text for number, text in enumerate(told, start=1)]


def _of_one(picture: Picture, asked: Asked, speaker: Speaker, words: PictureWords) -> Text:
    if isinstance(picture, Unfetched):
        return speaker.say("picture_url", host=picture.url.split("/")[2][:100])
    view = View(picture, asked, speaker, words)
    if asked.piece:
        return PIECES[asked.piece](view)
    for topic in asked.topics:
        if text := TOPICS[topic](view):
            return text
    if (asked.figures or asked.colours) and (text := counts(view)):
        return text
    return shows_what_is_there(view) or described(view)


def _limits(asked: Asked, pictures: Sequence[Picture], speaker: Speaker, connect: Text) -> Text:
    """What this program cannot do, where that matters: where it was asked for, or a description leaves it open.

    ``connect``: how to reach a model that can.
    """
    kinds = {picture.look.kind for picture in pictures if isinstance(picture, Measured)}
    if "read" in asked.topics:
        return speaker.say("limits_read", connect=connect)
    if "name" in asked.topics:
        return speaker.say("limits_name", connect=connect)
    if asked.piece or asked.topic not in (None, "describe", "difference"):
        return Text()
    if kinds & set(PAGES):
        return speaker.say("limits_read", connect=connect)
    if "photo" in kinds or ("plain" in kinds and asked.topic == "describe"):
        return speaker.say("limits_name", connect=connect)
    return speaker.say("limits_decode") if "code" in kinds else Text()
