"""Counting and splitting text by the o200k_base vocabulary, which lies beside the code; nothing is downloaded."""

import codecs
import os
from collections.abc import Iterator
from functools import cache
from math import ceil
from pathlib import Path

import tiktoken

from demo_model.call import Measured, Picture, Turn

CONTEXT_WINDOW = 128_000
"""Tokens that prompt messages may have, as gpt-4o's: the model whose vocabulary and picture rule are used here."""

_VOCABULARIES = Path(__file__).resolve().parent.parent / "assets" / "tiktoken_cache"

# tiktoken panics (a BaseException) on a run of some hundred thousand blanks; in portions it does not, and every text
# takes linear time. A cut costs one token at most.
_PORTION = 20_000

_PICTURE_BASE = 85
_PICTURE_TILE = 170


@cache
def _encoding() -> tiktoken.Encoding:
    # Without this variable tiktoken looks in a temporary folder and then asks the network.
    os.environ.setdefault("TIKTOKEN_CACHE_DIR", str(_VOCABULARIES))
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


def picture_tokens(picture: Picture) -> int:
    """Tokens of one picture, by gpt-4o's tile rule (OpenAI's guide "Images and vision").

    Fit into 2048 × 2048, then the shorter side into 768; 85, and 170 for each tile of 512 × 512. Low detail, and a
    picture that was not fetched: 85.
    """
    if not isinstance(picture, Measured) or picture.detail == "low":
        return _PICTURE_BASE
    scale = min(1.0, 2048 / max(picture.width, picture.height))
    scale = min(scale, 768 / min(picture.width, picture.height))
    tiles = ceil(int(picture.width * scale) / 512) * ceil(int(picture.height * scale) / 512)
    return _PICTURE_BASE + _PICTURE_TILE * max(1, tiles)


def pieces(text: str) -> Iterator[tuple[str, int]]:
    """The text as it would be streamed: token by token, each with its number of tokens.

    Tokens may split a character; those that do stay together in one piece.
    """
    encoding = _encoding()
    decoder = codecs.getincrementaldecoder("utf-8")()
    waiting = 0
    for start in range(0, len(text), _PORTION):
        for token in encoding.encode_ordinary(text[start : start + _PORTION]):
            waiting += 1
            shown = decoder.decode(encoding.decode_single_token_bytes(token))
            if shown:
                yield shown, waiting
                waiting = 0


def _portion_counts(text: str) -> Iterator[int]:
    for start in range(0, len(text), _PORTION):
        yield len(_encoding().encode_ordinary(text[start : start + _PORTION]))
