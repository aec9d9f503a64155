"""What can be done with a text without understanding it: count, sort, find the key sentences, describe a file.

Every pattern here is linear and every loop bounded, so that no text, however made, holds the server up.
"""

import json
import re
from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass

from demo_model.lazy_regex import lazy_regex
from demo_model.skills.words import ASKS, WORDS

LONGEST = 200_000
"""Characters of a text that are summarised or searched."""

_SENTENCE = lazy_regex(r"(?:[^.!?。…\n]|(?<=\d)\.(?=\d)){2,600}[.!?。…]?")
_WORD = lazy_regex(r"[^\W\d]\w{1,40}")
_PARTICLE = lazy_regex(
    r"(?<=[가-힣]{2})(?:은|는|이|가|을|를|의|에|에서|에게|와|과|도|로|으로|까지|부터|이다|입니다|했다|한다|하는)$"
)
_COMMON = frozenset(WORDS["common"])
_MOST_SENTENCES = 3000

_QUOTED = lazy_regex(r"[\"“「『]([^\"“”「」『』]+)[\"”」』]|(?<!\w)['‘]([^'‘’]+)['’](?!\w)")
_LETTER_EN = lazy_regex(
    r"(?:how many (?:times does )?|count )(?:the )?(?:letter )?['\"“]?([a-z])['\"”]?(?:'?s)? (?:are |is )?(?:there )?"
    r"(?:appear )?in "
    r"(?:the word )?['\"“]?([\w-]{1,60})",
    re.IGNORECASE,
)
_LETTER_KO = lazy_regex(
    r"['\"“]?([\w-]{1,60}?)['\"”]?(?:에는|에서|에|의)\s{0,2}['\"“]?(\w)['\"”]?(?:이|가|은|는)?\s{0,2}몇\s?(?:개|번)"
)
_NUMBER = lazy_regex(r"-?\d[\d,]*\.?\d*")
_SORT_WORDS = lazy_regex(
    r"\b(?:please|sort|order|put|these|this|list|the|following|words|numbers|alphabetically|in|ascending|descending|"
    r"order|by|size|reverse)\b|정렬해\s?(?:줘|주세요|봐)?|정렬|다음|순서대로|오름차순|내림차순|가나다순|(?:을|를|으로|로)(?=\s|$)",
    re.IGNORECASE,
)
_BETWEEN_ITEMS = lazy_regex(r"[,;、\n]\s{0,3}(?:and\s|그리고\s)?|(?<=\d)\sand\s(?=-?\d)")
_BULLET = lazy_regex(r"^\s{0,12}[-*•]\s")
_BY_LENGTH = lazy_regex(r"\bby (?:the )?length\b|길이 ?순", re.IGNORECASE)
_MOST_ITEMS = 200


@dataclass(frozen=True, slots=True)
class TextFile:
    """A file that was attached: its name, and its text between fences."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Counts:
    """Sizes of a text. ``letters``: characters that are no white space."""

    words: int
    characters: int
    letters: int
    sentences: int
    lines: int


def split_files(message: str) -> tuple[str, tuple[TextFile, ...]]:
    """What was typed, and the files: a line with a name, then a fence, the text, and the same fence."""
    typed: list[str] = []
    files: list[TextFile] = []
    lines = message.split("\n")
    ends: dict[str, list[int]] = {}
    for number, line in enumerate(lines):
        if line.startswith("```") and not line.strip("`"):
            ends.setdefault(line, []).append(number)
    place = 0
    while place < len(lines):
        name = lines[place].strip()
        fence = lines[place + 1] if place + 1 < len(lines) else ""
        closing = ends.get(fence, [])
        later = bisect_right(closing, place + 1)
        end = closing[later] if later < len(closing) else None
        if end is not None and 0 < len(name) <= 255 and "." in name and " " not in name.rpartition(".")[2]:
            files.append(TextFile(name, "\n".join(lines[place + 2 : end])))
            place = end + 1
        else:
            typed.append(lines[place])
            place += 1
    return "\n".join(typed).strip(), tuple(files)


def counts(text: str) -> Counts:
    """Words, characters, letters, sentences and lines."""
    return Counts(
        words=len(text.split()),
        characters=len(text),
        letters=sum(1 for character in text if not character.isspace()),
        sentences=len(_SENTENCE.findall(text)),
        lines=text.count("\n") + 1 if text else 0,
    )


def quoted(text: str) -> str | None:
    """The longest text between quotation marks."""
    return max(("".join(pair) for pair in _QUOTED.findall(text)), key=len, default=None)


def after_colon(text: str) -> str | None:
    """What follows the first colon or, without one, the first line; None if nothing does."""
    head, colon, tail = text.partition(":")
    if not colon or "\n" in head:
        tail = text.partition("\n")[2]
    return tail.strip() or None


def letter_question(text: str) -> tuple[str, str] | None:
    """(letter, word) of "how many r's are in strawberry?"."""
    if found := _LETTER_EN.search(text):
        return found.group(1), found.group(2)
    if found := _LETTER_KO.search(text):
        return found.group(2), found.group(1)
    return None


def sorted_items(text: str) -> list[str]:
    """The items of a list in the text, sorted as the text asks; fewer than two: there was no list."""
    rest = after_colon(text) or _SORT_WORDS.sub(" ", text)
    parts = [_BULLET.sub("", part).strip(" .。\"'“”") for part in _BETWEEN_ITEMS.split(rest)]
    if len(parts) < 2:
        numbers = _NUMBER.findall(rest)
        parts = numbers if len(numbers) > 1 else [part.strip(".\"'") for part in rest.split()]
    items = [part for part in parts if part][:_MOST_ITEMS]
    descending = ASKS["descending"].search(text) is not None
    if _BY_LENGTH.search(text):
        return sorted(items, key=len, reverse=descending)
    if all(_NUMBER.fullmatch(item) for item in items):
        return sorted(items, key=lambda item: float(item.replace(",", "")), reverse=descending)
    return sorted(items, key=str.casefold, reverse=descending)


def key_sentences(text: str, most: int = 3) -> list[str]:
    """The sentences whose words are the most frequent ones of the text, in the order of the text."""
    scored = scored_sentences(text)
    best = sorted(range(len(scored)), key=lambda place: -scored[place][0])[:most]
    return [scored[place][1] for place in sorted(best)]


def scored_sentences(text: str) -> list[tuple[float, str]]:
    """All sentences, each once, with the weight of its words.

    Words are weighed without Korean particles and without the commonest words; long sentences gain less by length.
    """
    sentences = [sentence.strip() for sentence in _SENTENCE.findall(text[:LONGEST])][:_MOST_SENTENCES]
    sentences = [sentence for sentence in dict.fromkeys(sentences) if len(sentence) > 1]
    stems = [_stems(sentence) for sentence in sentences]
    frequency = Counter(stem for words in stems for stem in words)
    scores = [sum(frequency[stem] for stem in words) / (len(words) + 1) ** 0.5 for words in stems]
    return list(zip(scores, sentences, strict=True))


def key_words(text: str, most: int = 5) -> list[str]:
    """The most frequent words, without particles and without the commonest words."""
    return [word for word, _ in Counter(_stems(text[:LONGEST])).most_common(most)]


def structure(file: TextFile) -> tuple[str, dict[str, str | int]] | None:
    """What the ending of a file's name promises, checked: (phrase, values), or None for plain text."""
    ending = file.name.lower().rpartition(".")[2]
    lines = [line for line in file.text.splitlines() if line.strip()]
    if ending in ("csv", "tsv") and lines:
        columns = lines[0].split("\t" if ending == "tsv" else ",")
        shown = ", ".join(column.strip().strip('"') for column in columns[:12])
        return "file_table", {"rows": len(lines) - 1, "columns": len(columns), "names": shown}
    if ending == "json":
        return _json_structure(file.text)
    if ending == "py":
        functions = sum(line.lstrip().startswith(("def ", "async def ")) for line in lines)
        return "file_python", {"functions": functions, "classes": sum(line.startswith("class ") for line in lines)}
    return None


def _json_structure(text: str) -> tuple[str, dict[str, str | int]]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return "file_json_broken", {}
    if isinstance(value, dict):
        return "file_json", {"kind": "object", "entries": len(value), "names": ", ".join(list(value)[:12]) or "-"}
    if isinstance(value, list):
        return "file_json", {"kind": "array", "entries": len(value), "names": "-"}
    return "file_json", {"kind": "value", "entries": 1, "names": "-"}


def _stems(text: str) -> list[str]:
    stems = (_PARTICLE.sub("", word.lower()) for word in _WORD.findall(text))
    return [stem for stem in stems if stem not in _COMMON]
