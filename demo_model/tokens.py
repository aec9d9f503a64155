"""Counting and splitting text by the o200k_base vocabulary, which lies beside the code; nothing is downloaded."""

import os
import re
from collections.abc import Iterator
from functools import cache
from math import ceil
from pathlib import Path

import tiktoken

from demo_model.call import Attached, Language, Turn, Unfetched

CONTEXT_WINDOW = 128_000
"""Tokens that prompt messages may have, as gpt-4o's: the model whose vocabulary and picture rule are used here."""

_VOCABULARIES = Path(__file__).resolve().parent.parent / "assets" / "tiktoken_cache"

# tiktoken panics (a BaseException) on a run of some hundred thousand blanks; in portions it does not, and every text
# takes linear time. A cut costs one token at most.
_PORTION = 20_000

ELSEWHERE = 1000
"""How many tokens of a language are taken for its everyday words: those with the lowest numbers, as merges come."""

# UTF-8 of Hangul syllables: EA B0 80 to ED 9E A3.
_HANGUL = rb"(?:[\xea-\xed][\x80-\xbf]{2})"
_SHAPES: dict[Language, re.Pattern[bytes]] = {
    "en": re.compile(rb" ?[A-Za-z]+"),
    "ko": re.compile(rb" ?(?:" + _HANGUL + rb"|[\xea-\xed][\x80-\xbf]{0,1}$)+"),
}
_WORDS: dict[Language, re.Pattern[bytes]] = {
    "en": re.compile(rb" ?[a-z]{3,12}"),
    "ko": re.compile(rb" ?" + _HANGUL + rb"{1,6}"),
}

# The vocabulary was learned from web pages, advertisements among them. These of its words are for nobody's answer.
_UNFIT = frozenset(
    word.encode()
    for word in (
        "카지노", "지노", "바카라", "카라", "슬롯", "출장", "출장안마", "출장샵", "안마", "마사지", "사지", "모텔",
        "바사", "라마바사", "오프화이트", "프화이트", "sex", "anal", "porn", "die", "dies", "kill",
    )
)  # fmt: skip

_PICTURE_BASE = 85
_PICTURE_TILE = 170


@cache
def _encoding() -> tiktoken.Encoding:
    # Without this variable tiktoken looks in a temporary folder, with another in that one, and then asks the network.
    os.environ["TIKTOKEN_CACHE_DIR"] = str(_VOCABULARIES)
    return tiktoken.get_encoding("o200k_base")


def count(text: str) -> int:
    """Tokens of a text."""
    return sum(_portion_counts(text))


def prompt_tokens(turns: tuple[Turn, ...]) -> tuple[int, int]:
    """Tokens of text and of pictures in a prompt.

    Text by the rule of the OpenAI cookbook (How_to_count_tokens_with_tiktoken): 3 for each message, 1 for a name, the
    tokens of every value, 3 for the beginning of the reply. Counting stops above ``CONTEXT_WINDOW``.
    """
    text = 3
    for turn in turns:
        text += 3 + (1 + count(turn.name) if turn.name else 0) + count(turn.role)
        for portion in _portion_counts(turn.text):
            text += portion
            if text > CONTEXT_WINDOW:
                return text, 0
    return text, sum(picture_tokens(picture) for turn in turns for picture in turn.pictures)


def picture_tokens(picture: Attached | Unfetched) -> int:
    """Tokens of one picture, by gpt-4o's tile rule (OpenAI's guide "Images and vision").

    Fit into 2048 × 2048, then the shorter side into 768; 85, and 170 for each tile of 512 × 512. Low detail, and a
    picture that was not fetched: 85.
    """
    if isinstance(picture, Unfetched) or picture.detail == "low":
        return _PICTURE_BASE
    scale = min(1.0, 2048 / max(picture.width, picture.height))
    scale = min(scale, 768 / min(picture.width, picture.height))
    tiles = ceil(int(picture.width * scale) / 512) * ceil(int(picture.height * scale) / 512)
    return _PICTURE_BASE + _PICTURE_TILE * max(1, tiles)


@cache
def token_bytes(token: int) -> bytes:
    """The bytes of one token; they may be a part of a letter."""
    return _encoding().decode_single_token_bytes(token)


def is_token(number: int) -> bool:
    """Whether the vocabulary has an ordinary token of this number."""
    try:
        token_bytes(number)
    except KeyError:
        return False
    return True


def encode(text: str) -> list[int]:
    """The tokens of a text."""
    portions = (text[start : start + _PORTION] for start in range(0, len(text), _PORTION))
    return [token for portion in portions for token in _encoding().encode_ordinary(portion)]


def unfinished(data: bytes) -> bytes:
    """The bytes at the end that begin a letter and do not end it."""
    for length in range(1, min(4, len(data) + 1)):
        lead = data[-length]
        if lead < 0x80:
            break
        if lead >= 0xC0:
            needed = 2 if lead < 0xE0 else 3 if lead < 0xF0 else 4
            return data[-length:] if length < needed else b""
    return b""


def elsewhere(due: bytes, language: Language) -> tuple[int, ...]:
    """The commonest tokens of a language that can stand in the place of the token ``due``, ``ELSEWHERE`` at the most.

    With a blank before them if ``due`` begins with one; none if ``due`` is not of that language's letters.
    """
    shape = _SHAPES[language]
    if shape.fullmatch(due):
        return _common(language, spaced=due.startswith(b" "))
    return ()


@cache
def _common(language: Language, *, spaced: bool) -> tuple[int, ...]:
    shape = _WORDS[language]
    encoding = _encoding()
    words = [
        word
        for word in encoding.token_byte_values()
        if word.startswith(b" ") is spaced and shape.fullmatch(word) and word.strip() not in _UNFIT
    ]
    return tuple(sorted(map(encoding.encode_single_token, words))[:ELSEWHERE])


def _portion_counts(text: str) -> Iterator[int]:
    for start in range(0, len(text), _PORTION):
        yield len(_encoding().encode_ordinary(text[start : start + _PORTION]))
