"""Which answer fits: a list of intents, asked in turn; the first that has something to say is the answer.

Each intent is a function from ``Reading`` to text, or None. They compute from the messages of this one request alone.
"""

from collections.abc import Callable
from dataclasses import dataclass

from demo_model import arithmetic, json_answers, memory, text_skills, tokens
from demo_model.call import Call, Measured, Picture, Turn, Unfetched
from demo_model.choosing import Chooser
from demo_model.speaker import Speaker, language_of
from demo_model.text_skills import TextFile
from demo_model.words import ASKS

_LONGEST_QUESTION = 20_000
"""Characters of a message in which intents are looked for."""

_LONG_TEXT = 600
"""Characters from which a message without a known request is taken for a pasted text."""

_SHORT_QUESTION = 200
"""Characters up to which a message may be a question about a term."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One request as the intents see it.

    ``question``: what was typed last, without attached files.  ``files``: those attached to it.
    """

    turns: tuple[Turn, ...]
    last: Turn
    question: str
    files: tuple[TextFile, ...]
    speaker: Speaker

    @property
    def material(self) -> str:
        """The text that a request such as "count" or "summarise" is about; empty: none was given."""
        if self.files:
            return "\n".join(file.text for file in self.files)
        return text_skills.quoted(self.question) or text_skills.after_colon(self.last.text) or ""


def answer(call: Call, chooser: Chooser) -> str:
    """The text of one answer: JSON if that was asked for, else what the intents say, in the tone of the persona."""
    last = next((turn for turn in reversed(call.turns) if turn.role == "user"), Turn("user", ""))
    if call.answer_format is not None:
        return json_answers.answer(call.turns, last, call.answer_format)
    speaker = Speaker(language_of(last.text[:_LONGEST_QUESTION]), chooser)
    typed, files = text_skills.split_files(last.text)
    reading = Reading(call.turns, last, typed[:_LONGEST_QUESTION], files, speaker)
    if (rest := _goes_on(reading)) is not None:
        return rest
    text = next(said for intent in INTENTS if (said := intent(reading)) is not None)
    tone = speaker.tone(" ".join(turn.text[:2000] for turn in call.turns if turn.role in ("system", "developer")))
    return f"{tone[0]}\n\n{text}\n\n{tone[1]}" if tone else text


def _goes_on(reading: Reading) -> str | None:
    """Goes on with a tale that was broken off; other answers are short, and their place is not found again."""
    if len(reading.question) > _SHORT_QUESTION or not ASKS["continue"].search(reading.question):
        return None
    told = next((turn.text for turn in reversed(reading.turns) if turn.role == "assistant"), "")
    rest = next(
        (rest for part in (told, told.partition("\n\n")[2]) if (rest := reading.speaker.rest_of_story(part))), None
    )
    return rest or reading.speaker.say("cannot_continue")


def _pictures(reading: Reading) -> str | None:
    if not reading.last.pictures:
        return None
    described = _described(reading, reading.last.pictures)
    files = _files(reading)
    return f"{described}\n\n{files}" if files else described


def _asks_for_pictures(reading: Reading) -> str | None:
    """A question about pictures, in a message without one."""
    if len(reading.question) > _SHORT_QUESTION or not ASKS["picture"].search(reading.question):
        return None
    earlier = next((turn.pictures for turn in reversed(reading.turns) if turn.pictures), ())
    if earlier:
        return f"{reading.speaker.say('picture_earlier')}\n\n{_described(reading, earlier)}"
    if reading.speaker.explain(reading.question) or ASKS["code"].search(reading.question):
        return None
    return reading.speaker.say("no_picture")


def _described(reading: Reading, pictures: tuple[Picture, ...]) -> str:
    speaker = reading.speaker
    said: list[str] = []
    for number, picture in enumerate(pictures, start=1):
        place = speaker.say("picture_place", number=number) if len(pictures) > 1 else ""
        match picture:
            case Measured():
                said.append(_measured(speaker, picture, place))
            case Unfetched(url):
                said.append(speaker.say("picture_url", place=place, host=url.split("/")[2][:100]))
    return "\n\n".join([*said, speaker.say("picture_limits", connect=speaker.say("connect"))])


def _measured(speaker: Speaker, picture: Measured, place: str) -> str:
    ratio = picture.width / picture.height
    shape = "square" if 0.98 < ratio < 1.02 else "landscape" if ratio > 1 else "portrait"
    text = speaker.say(
        "picture",
        place=place,
        width=picture.width,
        height=picture.height,
        shape=speaker.say(shape),
        format=picture.file_format,
        brightness=f"{picture.brightness:.0%}",
        contrast=f"{picture.contrast:.0%}",
        colours=", ".join(f"{speaker.colour(name)} {share:.0%}" for name, share in picture.colours) or "-",
    )
    if picture.transparent >= 0.01:
        text += " " + speaker.say("picture_transparent", share=f"{picture.transparent:.0%}")
    return text


def _shaped_json(reading: Reading) -> str | None:
    """JSON was asked for in words, with an example, and without JSON mode."""
    if "json" not in reading.question.lower() or not json_answers.has_example(reading.question):
        return None
    return reading.speaker.say("json", value=json_answers.answer(reading.turns, reading.last, None))


def _counts(reading: Reading) -> str | None:
    speaker = reading.speaker
    if letter := text_skills.letter_question(reading.question[:_SHORT_QUESTION]):
        number = letter[1].lower().count(letter[0].lower())
        times = speaker.say("once") if number == 1 else speaker.say("times", number=number)
        return speaker.say("letters", letter=letter[0], word=letter[1], number=times)
    if not ASKS["count"].search(reading.question[:_SHORT_QUESTION]):
        return None
    return speaker.say("counts", **_sizes(reading.material or reading.question))


def _sizes(text: str) -> dict[str, str | int]:
    sizes = text_skills.counts(text)
    numbers = (sizes.words, sizes.characters, sizes.letters, sizes.sentences, sizes.lines, tokens.count(text))
    names = ("words", "characters", "letters", "sentences", "lines", "tokens")
    return {name: f"{number:,}" for name, number in zip(names, numbers, strict=True)}


def _sorts(reading: Reading) -> str | None:
    if reading.files or not ASKS["sort"].search(reading.question[:_SHORT_QUESTION]):
        return None
    items = text_skills.sorted_items(reading.question)
    return reading.speaker.say("sorted", items="\n".join(f"- {item}" for item in items)) if len(items) > 1 else None


def _summarises(reading: Reading) -> str | None:
    if not ASKS["summary"].search(reading.question[:_SHORT_QUESTION]):
        return None
    text = reading.material
    if len(text) < 40:
        return reading.speaker.say("nothing_to_summarise")
    return _summary(reading.speaker, text)


def _summary(speaker: Speaker, text: str) -> str:
    points = "\n".join(f"- {sentence}" for sentence in text_skills.key_sentences(text))
    return speaker.say("summary", points=points)


def _files(reading: Reading) -> str | None:
    if not reading.files:
        return None
    return "\n\n".join(_file(reading.speaker, file) for file in reading.files)


def _file(speaker: Speaker, file: TextFile) -> str:
    head = "\n".join(line[:120] for line in file.text.splitlines()[:3]).replace("```", "'''")
    said = [f"{speaker.say('file', name=file.name, **_sizes(file.text))}\n```\n{head}\n```"]
    if found := text_skills.structure(file):
        said.append(speaker.say(found[0], **found[1]))
    elif words := text_skills.key_words(file.text):
        said.append(speaker.say("keywords", words=", ".join(words)))
    if file.name.lower().endswith((".txt", ".md")) and len(file.text) > _LONG_TEXT:
        said.append(_summary(speaker, file.text))
    return "\n\n".join(said)


def _recalls(reading: Reading) -> str | None:
    key = memory.asked(reading.question[:_SHORT_QUESTION])
    if key is None:
        return None
    value = memory.told(reading.turns).get(key)
    if value is None and ASKS["picture"].search(reading.question):
        return None
    speaker = reading.speaker
    if value is None:
        number = len(reading.turns)
        held = speaker.say("one_message") if number == 1 else speaker.say("messages", number=number)
        return speaker.say("not_told", messages=held)
    known = key if key in ("name", "likes", "home") else "other"
    return speaker.say(f"remember_{known}", key=key, value=value)


def _notes(reading: Reading) -> str | None:
    """Facts in the last message are repeated; a name is greeted."""
    if len(reading.question) > _SHORT_QUESTION:
        return None
    facts = memory.told([reading.last])
    speaker = reading.speaker
    if "name" in facts and len(facts) == 1:
        return speaker.say("greet_name", name=facts["name"])
    if not facts:
        return None
    said = [
        speaker.say(f"fact_{key if key in ('name', 'likes', 'home') else 'other'}", key=key, value=value)
        for key, value in facts.items()
    ]
    return speaker.say("noted", facts=", ".join(said))


def _calculates(reading: Reading) -> str | None:
    try:
        found = arithmetic.find_and_solve(reading.question)
    except arithmetic.NoValue:
        return reading.speaker.say("no_sum")
    return reading.speaker.say("sum", expression=found[0], value=found[1]) if found else None


def _introduces_itself(reading: Reading) -> str | None:
    if len(reading.question) > _SHORT_QUESTION or not ASKS["itself"].search(reading.question):
        return None
    speaker = reading.speaker
    return speaker.say("self", connect=speaker.say("connect"), tries=speaker.say("tries"))


def _explains(reading: Reading) -> str | None:
    return reading.speaker.explain(reading.question) if len(reading.question) <= _SHORT_QUESTION else None


def _tells(reading: Reading) -> str | None:
    asked = len(reading.question) <= _SHORT_QUESTION and ASKS["long"].search(reading.question)
    return reading.speaker.story() if asked else None


def _pasted(reading: Reading) -> str | None:
    if len(reading.last.text) < _LONG_TEXT:
        return None
    speaker = reading.speaker
    return f"{speaker.say('counts', **_sizes(reading.last.text))}\n\n{_summary(speaker, reading.last.text)}"


def _empty(reading: Reading) -> str | None:
    return None if reading.question.strip() else reading.speaker.say("empty", tries=reading.speaker.say("tries"))


def _fallback(reading: Reading) -> str:
    speaker = reading.speaker
    return speaker.say(
        "fallback",
        language=speaker.say("language"),
        connect=speaker.say("connect"),
        tries=speaker.say("tries"),
        **_sizes(reading.question),
    )


def _when(asked: str, phrase: str) -> Callable[[Reading], str | None]:
    """An intent that says one phrase where a short message asks for it."""

    def says(reading: Reading) -> str | None:
        if len(reading.question) > _SHORT_QUESTION or not ASKS[asked].search(reading.question):
            return None
        return reading.speaker.say(phrase, connect=reading.speaker.say("connect"))

    return says


INTENTS: tuple[Callable[[Reading], str | None], ...] = (
    _pictures,
    _recalls,
    _asks_for_pictures,
    _shaped_json,
    _counts,
    _summarises,
    _sorts,
    _files,
    _empty,
    _calculates,
    _notes,
    _when("translation", "cannot_translate"),
    _introduces_itself,
    _when("code", "code"),
    _explains,
    _tells,
    _pasted,
    _when("thanks", "thanks"),
    _when("bye", "bye"),
    _when("greeting", "greet"),
    _when("world", "cannot_know"),
    _fallback,
)
"""Asked in this order: what was attached, then what was asked of a text, then talk. The last one always answers."""
