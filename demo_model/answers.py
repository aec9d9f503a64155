"""Which answer fits: a list of intents, asked in turn; the first that has something to say is the answer.

Each intent is a function from ``Reading`` to a grammar of what to say, or None. They compute from the messages of this
one request alone; which wording is said in the end is the sampler's affair.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from demo_model import reasoning, tokens
from demo_model.call import Attached, Call, Language, Turn
from demo_model.family import Model
from demo_model.grammar import Text, after, as_text, joined
from demo_model.pictures import answers as picture_answers
from demo_model.pictures import questions as picture_questions
from demo_model.pictures.pieces import ALONE
from demo_model.reading import json_answers, memory
from demo_model.skills import arithmetic, conversions, text_skills
from demo_model.skills.text_skills import TextFile
from demo_model.skills.words import ASKS
from demo_model.speaker import Speaker, language_of

_LONGEST_QUESTION = 20_000
"""Characters of a message in which intents are looked for."""

_LONG_TEXT = 600
"""Characters from which a message without a known request is taken for a pasted text."""

_SHORT_QUESTION = 200
"""Characters up to which a message may be a question about a term."""

_HOW_TO_CONNECT = "OPENAI_API_KEY"
"""What stands in every way to say how a real model is connected."""

_MOST_QUESTIONS = 3


@dataclass(frozen=True, slots=True)
class Composed:
    """What may be said. ``working``: said before it, by a model that reasons.  ``strict``: the answer is JSON, or a
    text that is to be used as it is, and no word may leave the grammar."""

    text: Text
    language: Language
    strict: bool = False
    working: Text | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """One request as the intents see it.

    ``question``: what was typed last, without attached files.  ``files``: those attached to it.
    """

    model: Model
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


def compose(call: Call) -> Composed:
    """The answers to one call: JSON if that was asked for, else what the intents say, in the tone of the persona."""
    turns, told = _before_going_on(call.turns)
    composed = _compose(call, turns)
    if not told:
        return composed
    rest = after(composed.text, told)
    if rest:
        return Composed(rest, composed.language, composed.strict)
    return Composed(Speaker(composed.language).say("cannot_continue"), composed.language)


def _before_going_on(turns: tuple[Turn, ...]) -> tuple[tuple[Turn, ...], str]:
    """The messages up to the question whose answer is to go on, and what has been said of it; nothing said: no such.

    The whole answer is composed again, so it can be taken up where it was broken off, to the very letter.
    """
    told = ""
    while len(turns) > 2 and turns[-1].role == "user" and turns[-2].role == "assistant" and _asks_to_go_on(turns[-1]):
        told = turns[-2].text + told
        turns = turns[:-2]
    return turns, told


def _asks_to_go_on(turn: Turn) -> bool:
    return len(turn.text) <= _SHORT_QUESTION and ASKS["continue"].search(turn.text) is not None


def _compose(call: Call, turns: tuple[Turn, ...]) -> Composed:
    last = next((turn for turn in reversed(turns) if turn.role == "user"), Turn("user", ""))
    persona = " ".join(turn.text[:2000] for turn in turns if turn.role in ("system", "developer"))
    told_how = any(turn.role == "assistant" and _HOW_TO_CONNECT in turn.text for turn in turns)
    speaker = Speaker(language_of(last.text[:_LONGEST_QUESTION]), persona, told_how=told_how)
    typed, files = text_skills.split_files(last.text)
    reading = Reading(call.model, turns, last, typed[:_LONGEST_QUESTION], files, speaker)
    if call.model.drill == "refusal":
        return Composed(speaker.say("refusal"), speaker.language)
    if call.model.drill == "blanks" and call.answer_format is None:
        return Composed(speaker.say("drill_blanks_off"), speaker.language)
    if call.answer_format is not None:
        kind, strict, text = "json", True, as_text(json_answers.answer(turns, last, call.answer_format))
    else:
        kind, said = next((kind, said) for kind, intent in INTENTS if (said := intent(reading)) is not None)
        # No persona's flourish around a telephone number that may matter, or a text that is to be used as it is.
        text = said if kind in ("crisis", "alone") else speaker.in_tone(said)
        strict = kind == "alone"
    working = reasoning.working(reading, kind, call.effort) if call.model.reasons else None
    return Composed(text, speaker.language, strict, working)


def _distress(reading: Reading) -> Text | None:
    return reading.speaker.say("crisis") if ASKS["crisis"].search(reading.question) else None


def _pictures(reading: Reading) -> Text | None:
    if not reading.last.pictures:
        return None
    described = picture_answers.answer(reading.question, reading.speaker, reading.last.looked_at())
    return joined("\n\n", (described, _files(reading) or ""))


def _writes_alone(reading: Reading) -> Text | None:
    """A text about a picture in which no other word may stand: alt text, CSV and the like."""
    return _pictures(reading) if picture_questions.read(reading.question).piece in ALONE else None


def _asks_for_pictures(reading: Reading) -> Text | None:
    """A question about pictures, in a message without one."""
    question, speaker = reading.question, reading.speaker
    if len(question) > _SHORT_QUESTION:
        return None
    asked = ASKS["picture"].search(question) is not None
    earlier = (
        next((turn for turn in reversed(reading.turns) if turn.pictures), None) if _shows_picture(reading) else None
    )
    if earlier and (asked or picture_questions.concerns(question)):
        told = picture_answers.answer(question, speaker, earlier.looked_at())
        return joined("\n\n", (speaker.say("picture_earlier"), told))
    if speaker.explain(question) or ASKS["code"].search(question):
        return None
    counts_figures = picture_questions.concerns(question) and picture_questions.read(question).figures
    return speaker.say("no_picture") if asked or counts_figures else None


def _shaped_json(reading: Reading) -> Text | None:
    """JSON was asked for in words, with an example, and without JSON mode."""
    if "json" not in reading.question.lower() or not json_answers.has_example(reading.question):
        return None
    return reading.speaker.say("json", value=json_answers.answer(reading.turns, reading.last, None))


def _counts(reading: Reading) -> Text | None:
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


def _sorts(reading: Reading) -> Text | None:
    if reading.files or not ASKS["sort"].search(reading.question[:_SHORT_QUESTION]):
        return None
    items = text_skills.sorted_items(reading.question)
    return reading.speaker.say("sorted", items="\n".join(f"- {item}" for item in items)) if len(items) > 1 else None


def _summarises(reading: Reading) -> Text | None:
    if not ASKS["summary"].search(reading.question[:_SHORT_QUESTION]):
        return None
    text = reading.material
    if len(text) < 40:
        return reading.speaker.say("nothing_to_summarise")
    return _summary(reading.speaker, text)


def _summary(speaker: Speaker, text: str) -> Text:
    points = "\n".join(f"- {sentence}" for sentence in text_skills.key_sentences(text))
    return speaker.say("summary", points=points)


def _files(reading: Reading) -> Text | None:
    return joined("\n\n", (_file(reading.speaker, file) for file in reading.files)) if reading.files else None


def _file(speaker: Speaker, file: TextFile) -> Text:
    head = "\n".join(line[:120] for line in file.text.splitlines()[:3]).replace("```", "'''")
    said = [speaker.say("file", name=file.name, **_sizes(file.text)) + f"\n```\n{head}\n```"]
    if found := text_skills.structure(file):
        said.append(speaker.say(found[0], **found[1]))
    elif words := text_skills.key_words(file.text):
        said.append(speaker.say("keywords", words=", ".join(words)))
    if file.name.lower().endswith((".txt", ".md")) and len(file.text) > _LONG_TEXT:
        said.append(_summary(speaker, file.text))
    return joined("\n\n", said)


def _answers_several(reading: Reading) -> Text | None:
    """Two or three short questions in one message, if each has an answer."""
    parts = (
        picture_questions.BETWEEN.split(reading.question.strip()) if len(reading.question) <= _SHORT_QUESTION else []
    )
    if not 1 < len(parts) <= _MOST_QUESTIONS:
        return None
    told = [
        next((said for skill in _SHORT_SKILLS if (said := skill(replace(reading, question=part))) is not None), None)
        for part in parts
    ]
    answered = [said for said in told if said is not None]
    return joined("\n\n", answered) if len(answered) == len(parts) else None


def _recalls(reading: Reading) -> Text | None:
    key = memory.asked(reading.question[:_SHORT_QUESTION])
    if key is None:
        return None
    value = memory.recalled(reading.turns, key)
    if value is None and ASKS["picture"].search(reading.question) and _shows_picture(reading):
        return None
    speaker = reading.speaker
    if value is None:
        number = len(reading.turns)
        held = speaker.say("one_message") if number == 1 else speaker.say("messages", number=number)
        return speaker.say("not_told", messages=held)
    return speaker.say(f"remember_{_worded(key)}", key=key, value=value)


def _shows_picture(reading: Reading) -> bool:
    return any(isinstance(picture, Attached) for turn in reading.turns for picture in turn.pictures)


def _worded(key: str) -> str:
    """The fact's name in the phrase book: some have words of their own."""
    return key if key in ("name", "likes", "home", "dislike", "origin") else "other"


def _notes(reading: Reading) -> Text | None:
    """Facts in the last message are repeated; a name is greeted."""
    if len(reading.question) > _SHORT_QUESTION:
        return None
    facts = memory.told([reading.last])
    speaker = reading.speaker
    if "name" in facts and len(facts) == 1:
        return speaker.say("greet_name", name=facts["name"])
    if not facts:
        return None
    said = [speaker.say(f"fact_{_worded(key)}", key=key, value=value) for key, value in facts.items()]
    return speaker.say("noted", facts=joined(", ", said))


def _calculates(reading: Reading) -> Text | None:
    try:
        found = arithmetic.find_and_solve(reading.question)
    except arithmetic.NoValue:
        return reading.speaker.say("no_sum")
    return reading.speaker.say("sum", expression=found[0], value=found[1]) if found else None


def _converts(reading: Reading) -> Text | None:
    if len(reading.question) > _SHORT_QUESTION or (found := conversions.find_and_convert(reading.question)) is None:
        return None
    speaker = reading.speaker
    if found.reason:
        return speaker.say("no_currency", connect=speaker.say("connect"))
    return speaker.say("converted", asked=found.asked, result=found.result)


def _introduces_itself(reading: Reading) -> Text | None:
    if len(reading.question) > _SHORT_QUESTION or not ASKS["itself"].search(reading.question):
        return None
    speaker = reading.speaker
    said = [speaker.say("self", connect=speaker.say("connect"), tries=speaker.say("tries"))]
    if shutdown := reading.model.shutdown:
        said.append(speaker.say("retiring", date=shutdown.isoformat()))
    return joined("\n\n", said)


def _explains(reading: Reading) -> Text | None:
    return reading.speaker.explain(reading.question) if len(reading.question) <= _SHORT_QUESTION else None


def _tells(reading: Reading) -> Text | None:
    if len(reading.question) > _SHORT_QUESTION or not ASKS["long"].search(reading.question):
        return None
    return reading.speaker.story(short=ASKS["short"].search(reading.question) is not None)


def _pasted(reading: Reading) -> Text | None:
    if len(reading.last.text) < _LONG_TEXT:
        return None
    speaker = reading.speaker
    counts = speaker.say("counts", **_sizes(reading.last.text))
    return joined("\n\n", (counts, _summary(speaker, reading.last.text)))


def _empty(reading: Reading) -> Text | None:
    return None if reading.question.strip() else reading.speaker.say("empty", tries=reading.speaker.say("tries"))


def _fallback(reading: Reading) -> Text:
    speaker = reading.speaker
    return speaker.say(
        "fallback",
        language=speaker.say("language"),
        connect=speaker.say("connect"),
        tries=speaker.say("tries"),
        **_sizes(reading.question),
    )


def _when(asked: str, phrase: str, kind: str = "") -> Callable[[Reading], Text | None]:
    """An intent that says one phrase where a short message asks for it. ``kind``: names what was asked for in it."""

    def says(reading: Reading) -> Text | None:
        if len(reading.question) > _SHORT_QUESTION or not ASKS[asked].search(reading.question):
            return None
        speaker = reading.speaker
        return speaker.say(phrase, connect=speaker.say("connect"), what=speaker.kind(kind or "unknown"))

    return says


_SHORT_SKILLS = (_recalls, _counts, _sorts, _converts, _calculates, _explains)

INTENTS: tuple[tuple[str, Callable[[Reading], Text | None]], ...] = (
    ("crisis", _distress),
    ("alone", _writes_alone),
    ("picture", _pictures),
    ("several", _answers_several),
    ("recall", _recalls),
    ("drawing", _when("drawing", "cannot_do", "drawing")),
    ("picture", _asks_for_pictures),
    ("json", _shaped_json),
    ("count", _counts),
    ("summary", _summarises),
    ("sort", _sorts),
    ("file", _files),
    ("empty", _empty),
    ("conversion", _converts),
    ("sum", _calculates),
    ("facts", _notes),
    ("translation", _when("translation", "cannot_translate")),
    ("self", _when("tries_vitrine", "tries_vitrine")),
    ("vitrine", _when("vitrine", "vitrine")),
    ("self", _introduces_itself),
    ("errand", _when("errand", "cannot_do", "errand")),
    ("writing", _when("writing", "cannot_write")),
    ("reasoning", _when("reasoning", "cannot_reason")),
    ("code", _when("code", "code")),
    ("advice", _when("advice", "cannot_advise")),
    ("term", _explains),
    ("story", _tells),
    ("pasted", _pasted),
    ("thanks", _when("thanks", "thanks")),
    ("bye", _when("bye", "bye")),
    ("greeting", _when("greeting", "greet")),
    ("world", _when("world", "cannot_know")),
    ("unknown", _fallback),
)
"""(Kind, intent) pairs, asked in this order: what was attached, then what was asked of a text, then talk. The last one
always answers."""
