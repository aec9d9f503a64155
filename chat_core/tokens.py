"""How many tokens a text, a message or a picture will be: estimates made before anything is sent.

The only importer of tiktoken, which is never let near the network: it would delete a vocabulary file that is not the
expected one and fetch it again, without a time-out. So each file is checked first; where it is missing or damaged the
count is a rough one, and says so. Vocabularies are loaded on first need (80 MB and 32 MB of memory).
"""

import hashlib
import logging
import math
import re
import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

import tiktoken

from chat_core import models, settings
from chat_core.messages import Detail, ImagePart, Message, RemoteImage, TextFile, TextPart, system
from chat_core.models import PatchRule, PatchSize, Profile, TileRule

logger = logging.getLogger(__name__)

# What a chat adds to its texts (OpenAI cookbook, How_to_count_tokens_with_tiktoken.ipynb). The notebook calls it "an
# estimate, not a timeless guarantee"; for reasoning models the true overhead is not public.
TOKENS_PER_MESSAGE = 3
TOKENS_PER_NAME = 1
TOKENS_OF_REPLY = 3

_PATCH = 32
_TILE = 512
_TILE_SQUARE = 2048
_TILE_SHORT_SIDE = 768

# tiktoken's pattern overflows its stack in a run of blanks somewhere beyond 500,000 characters, and then panics.
_CHUNK = 100_000
# How far from the end of a chunk a good place to cut is looked for, in characters.
_CUT_WINDOW = 2_000
# A letter or digit before a blank: all patterns end a piece there, so that a cut changes no count.
_CUT = re.compile(r"[^\W_](?= )")

# Counts of longer texts are kept, for the meter counts the same history at every keystroke. Kept is a digest and a
# number, never the text. Hashing is some forty times faster than counting.
_REMEMBER_FROM = 500
_REMEMBERED = 4_096


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """A vocabulary file in ``assets/tiktoken_cache``.

    ``file``: the sha1 of its URL, as tiktoken names it.  ``size``: bytes.  ``tokens_per_letter``: tokens for each
    character that is not ASCII, when the file is missing; measured on Korean prose.
    """

    file: str
    size: int
    sha256: str
    tokens_per_letter: float


VOCABULARIES = {
    "o200k_base": Vocabulary(
        "fb374d419588a4632f3f557e76b4b70aebbca790",
        3_613_922,
        "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d",
        0.75,
    ),
    "cl100k_base": Vocabulary(
        "9b5ad71b2ce5302211f9c61530b329a4922fc6a4",
        1_681_126,
        "223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7",
        1.45,
    ),
}
ENCODINGS = tuple(VOCABULARIES)


@dataclass(frozen=True, slots=True)
class Count:
    """A number of tokens. ``estimated``: the model's tokenizer is not known, or its vocabulary is not here."""

    tokens: int
    estimated: bool


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a request will be, in tokens.

    ``unknown_images``: pictures whose cost cannot be told (a remote one, or a model without a known rule); they are in
    no sum.  ``exact_tokenizer``: the text was counted with the model's own tokenizer.
    """

    text_tokens: int
    image_tokens: int
    unknown_images: int
    exact_tokenizer: bool

    @property
    def input_tokens(self) -> int:
        return self.text_tokens + self.image_tokens


def count_tokens(text: str, model: str | None = None, *, encoding: str | None = None) -> int:
    """Tokens of a text, offline. ``encoding`` wins over ``model``; a model without a known tokenizer gets o200k_base.

    Names of special tokens count as the plain text they are. Raises ValueError for an encoding not in ENCODINGS.
    """
    return measure(text, model, encoding=encoding).tokens


def measure(text: str, model: str | None = None, *, encoding: str | None = None) -> Count:
    """As ``count_tokens``, with word of whether the number is an estimate."""
    if encoding is not None:
        return Count(_count(text, encoding), _vocabulary(encoding) is None)
    profile = models.lookup(model) if model else Profile(tokenizer_known=True)
    return Count(_count(text, profile.tokenizer), not _exact(profile))


def count_message_tokens(messages: Sequence[Message], model: str) -> int:
    """Tokens of a conversation by the cookbook's rule, and of its pictures where their cost is known."""
    return estimate(messages, model).input_tokens


def estimate(messages: Sequence[Message], model: str, persona: str = "") -> Estimate:
    """What a request with these messages will be, in tokens; the persona goes before them as a system message."""
    profile = models.lookup(model)
    sent = [system(persona), *messages] if persona.strip() else messages
    text = TOKENS_OF_REPLY + sum(_message_tokens(message, profile.tokenizer) for message in sent)
    costs = [_picture_tokens(image, profile) for message in sent for image in message.images]
    return Estimate(
        text_tokens=text,
        image_tokens=sum(cost for cost in costs if cost is not None),
        unknown_images=costs.count(None),
        exact_tokenizer=_exact(profile),
    )


def image_tokens(width: int, height: int, model: str, detail: Detail = "auto") -> int | None:
    """Tokens of a picture of so many pixels; None where the model's rule, or its rule for this detail, is not known.

    Source: guide "Images and vision", which warns of ±1 by rounding.
    """
    return _rule_tokens(width, height, models.lookup(model).image_rule, detail)


def seen_size(width: int, height: int, model: str, detail: Detail = "auto") -> tuple[int, int] | None:
    """The pixels (width, height) that the model looks at after its sizing; None where its rule is not known.

    A picture sent in this size costs the same and shows the model the same.
    """
    match models.lookup(model).image_rule:
        case TileRule():
            return None if detail == "original" else _tile_size(width, height, detail)
        case PatchRule() as rule:
            size = rule.size(detail)
            return None if size is None else _patch_size(width, height, size)
        case None:
            return None


def image_patches(width: int, height: int, model: str, detail: Detail = "auto") -> int | None:
    """Patches of 32 by 32 pixels that a picture needs after sizing; None for a model that does not count in patches.

    A picture that needs more than ``models.MAX_IMAGE_PATCHES`` is refused by the API.
    """
    rule = models.lookup(model).image_rule
    size = rule.size(detail) if isinstance(rule, PatchRule) else None
    return None if size is None else _patches(width, height, size)


def pieces(text: str, encoding: str) -> list[bytes] | None:
    """The bytes of each token, to show where tokens begin: a token may hold only a part of a syllable or an emoji.

    None where the vocabulary is not here. Raises ValueError for an encoding that is not in ENCODINGS.
    """
    vocabulary = _vocabulary(encoding)
    if vocabulary is None:
        return None
    chunks = (vocabulary.encode_ordinary(chunk) for chunk in _chunks(_clean(text)))
    return [vocabulary.decode_single_token_bytes(token) for tokens in chunks for token in tokens]


def _message_tokens(message: Message, encoding: str) -> int:
    content = sum(_count(text, encoding) for text in _texts(message))
    name = TOKENS_PER_NAME + _count(message.name, encoding) if message.name else 0
    return TOKENS_PER_MESSAGE + _count(message.role, encoding) + content + name


def _texts(message: Message) -> list[str]:
    """The texts of a message as they go out: joined with an empty line, or parts of their own beside pictures."""
    parts = [part for part in message.parts if isinstance(part, TextPart | TextFile)]
    texts = [part.text if isinstance(part, TextPart) else part.rendered for part in parts]
    return texts if message.images else ["\n\n".join(texts)]


def _picture_tokens(image: ImagePart | RemoteImage, profile: Profile) -> int | None:
    if isinstance(image, RemoteImage):
        return None
    return _rule_tokens(image.width, image.height, profile.image_rule, image.detail or "auto")


def _rule_tokens(width: int, height: int, rule: TileRule | PatchRule | None, detail: Detail) -> int | None:
    match rule:
        case TileRule():
            return _tile_tokens(width, height, rule, detail)
        case PatchRule():
            size = rule.size(detail)
            return None if size is None else math.ceil(_patches(width, height, size) * rule.multiplier)
        case None:
            return None


def _tile_tokens(width: int, height: int, rule: TileRule, detail: Detail) -> int | None:
    """Squares of 512 in what the model sees; at detail low the base alone."""
    if detail == "original":
        return None
    if detail == "low":
        return rule.base
    width, height = _tile_size(width, height, detail)
    return rule.base + rule.tile * math.ceil(width / _TILE) * math.ceil(height / _TILE)


def _tile_size(width: int, height: int, detail: Detail) -> tuple[int, int]:
    """Fit into 2048 by 2048 and bring the shorter side down to 768; at detail low fit into 512 by 512."""
    if detail == "low":
        return _fit(width, height, _TILE)
    width, height = _fit(width, height, _TILE_SQUARE)
    shorter = min(width, height)
    if shorter > _TILE_SHORT_SIDE:
        width, height = width * _TILE_SHORT_SIDE // shorter, height * _TILE_SHORT_SIDE // shorter
    return width, height


def _patches(width: int, height: int, size: PatchSize) -> int:
    return _patch_count(*_patch_size(width, height, size))


def _patch_size(width: int, height: int, size: PatchSize) -> tuple[int, int]:
    """Fit into the longest side, then shrink until the patches, whole ones along one side, are within the budget."""
    if size.max_side is not None:
        width, height = _fit(width, height, size.max_side)
    if size.budget is None or _patch_count(width, height) <= size.budget:
        return width, height
    scale = math.sqrt(_PATCH**2 * size.budget / (width * height))
    across, down = width * scale / _PATCH, height * scale / _PATCH
    scale *= min(math.floor(across) / across, math.floor(down) / down)
    return max(1, math.floor(width * scale)), max(1, math.floor(height * scale))


def _patch_count(width: int, height: int) -> int:
    return math.ceil(width / _PATCH) * math.ceil(height / _PATCH)


def _fit(width: int, height: int, side: int) -> tuple[int, int]:
    """Shrink until no side is longer than ``side``, rounded to whole pixels; never enlarge."""
    longest = max(width, height)
    if longest <= side:
        return width, height
    return max(1, round(width * side / longest)), max(1, round(height * side / longest))


def _exact(profile: Profile) -> bool:
    return profile.tokenizer_known and _vocabulary(profile.tokenizer) is not None


def _count(text: str, encoding: str) -> int:
    text = _clean(text)
    if len(text) < _REMEMBER_FROM:
        return _count_now(text, encoding)
    key = (encoding, hashlib.blake2b(text.encode(), digest_size=16).digest())
    count = _recent.get(key)
    if count is None:
        count = _count_now(text, encoding)
        _recent.put(key, count)
    return count


def _count_now(text: str, encoding: str) -> int:
    vocabulary = _vocabulary(encoding)
    if vocabulary is None:
        return _rough_count(text, VOCABULARIES[encoding].tokens_per_letter)
    return sum(len(vocabulary.encode_ordinary(chunk)) for chunk in _chunks(text))


def _rough_count(text: str, tokens_per_letter: float) -> int:
    """Four ASCII characters to a token, as OpenAI's help pages say of English; other scripts by measure."""
    letters = sum(not char.isascii() for char in text)
    return math.ceil((len(text) - letters) / 4 + letters * tokens_per_letter)


def _clean(text: str) -> str:
    """Without lone surrogates: they go out as question marks, for no UTF-8 body can carry them."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _chunks(text: str) -> Iterator[str]:
    """The text in parts of bounded length, cut where no token crosses if there is such a place near the bound."""
    start = 0
    while len(text) - start > _CHUNK:
        end = start + _CHUNK
        places = [match.end() for match in _CUT.finditer(text, end - _CUT_WINDOW, end)]
        end = places[-1] if places else end
        yield text[start:end]
        start = end
    yield text[start:]


class _RecentCounts:
    """Counts by digest of text, the least recently used thrown out first. Safe to use from several threads."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._counts: OrderedDict[tuple[str, bytes], int] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: tuple[str, bytes]) -> int | None:
        with self._lock:
            if key in self._counts:
                self._counts.move_to_end(key)
            return self._counts.get(key)

    def put(self, key: tuple[str, bytes], count: int) -> None:
        with self._lock:
            self._counts[key] = count
            if len(self._counts) > self._size:
                self._counts.popitem(last=False)


_recent = _RecentCounts(_REMEMBERED)


@cache
def _vocabulary(encoding: str) -> tiktoken.Encoding | None:
    """The vocabulary, loaded once (tiktoken's registry holds the lock); None if its file is missing or damaged."""
    if encoding not in VOCABULARIES:
        raise ValueError(f"Unknown encoding {encoding!r}; known are {', '.join(ENCODINGS)}.")
    if not _is_sound(VOCABULARIES[encoding]):
        logger.warning("The vocabulary %s is missing or damaged: token counts with it are rough estimates.", encoding)
        return None
    settings.use_bundled_vocabularies()
    return tiktoken.get_encoding(encoding)


def _is_sound(vocabulary: Vocabulary) -> bool:
    path = settings.VOCABULARIES / vocabulary.file
    try:
        if path.stat().st_size != vocabulary.size:
            return False
        return hashlib.sha256(path.read_bytes()).hexdigest() == vocabulary.sha256
    except OSError:
        return False
