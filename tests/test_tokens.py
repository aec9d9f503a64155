"""Token counts: the published examples, odd texts, pictures by the guide's rules, and the way without vocabularies."""

import json
import shutil
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest
import tiktoken

from chat_core import models, settings, tokens
from chat_core.messages import ImagePart, Message, RemoteImage, TextFile, TextPart, assistant, system, user
from chat_core.models import PatchRule, PatchSize

COOKBOOK = [
    system("You are a helpful, pattern-following assistant that translates corporate jargon into plain English."),
    system("New synergies will help drive top-line growth.", name="example_user"),
    system("Things working well together will increase revenue.", name="example_assistant"),
    system(
        "Let's circle back when we have more bandwidth to touch base on opportunities for increased leverage.",
        name="example_user",
    ),
    system("Let's talk later when we're less busy about how to do better.", name="example_assistant"),
    user("This late pivot means we don't have time to boil the ocean for the client deliverable."),
]


@pytest.fixture
def picture() -> ImagePart:
    return ImagePart(b"", "image/png", 1024, 1024)


@pytest.mark.parametrize(
    ("text", "cl100k", "o200k"),
    [
        ("아버지가 방에 들어가신다.", 13, 10),
        ("안녕하세요", 5, 2),
        ("お誕生日おめでとう", 9, 8),
        ("antidisestablishmentarianism", 6, 6),
        ("2 + 2 = 4", 7, 7),
        ("tiktoken is great!", 6, 6),
        ("<|endoftext|>", 7, 7),
        ("", 0, 0),
        ("\ud800", 1, 1),
    ],
)
def test_count(text: str, cl100k: int, o200k: int) -> None:
    assert tokens.count_tokens(text, encoding="cl100k_base") == cl100k
    assert tokens.count_tokens(text, encoding="o200k_base") == o200k
    assert tokens.count_tokens(text, "gpt-4") == cl100k
    assert tokens.count_tokens(text, "gpt-4o") == o200k
    assert tokens.count_tokens(text, "some-local-model") == o200k
    assert tokens.count_tokens(text) == o200k
    assert tokens.count_tokens(text, "gpt-4o", encoding="cl100k_base") == cl100k


def test_an_unknown_encoding_is_named_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match="'p99k'; known are o200k_base, cl100k_base"):
        tokens.count_tokens("text", encoding="p99k")
    with pytest.raises(ValueError, match="p99k"):
        tokens.pieces("text", "p99k")


@pytest.mark.parametrize(
    ("model", "estimated"),
    [
        ("gpt-4o", False),
        ("gpt-5.4-mini", False),
        ("gpt-6-luna", True),
        ("llama3", True),
        ("demo", False),
        (None, False),
    ],
)
def test_a_count_says_whether_it_is_an_estimate(model: str | None, estimated: bool) -> None:
    assert tokens.measure("text", model) == tokens.Count(1, estimated)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a" * 1_000_000, 125_000),
        (" " * 1_000_000, 7_820),
        ("\n" * 1_000_000, 62_500),
        ("1" * 1_000_000, 333_340),
        ("가" * 200_000, 200_000),
    ],
    ids=["a", "blank", "line end", "digit", "hangul"],
)
def test_a_very_long_run_of_one_character_is_counted(text: str, expected: int) -> None:
    assert tokens.count_tokens(text, "gpt-4o") == expected


@pytest.mark.parametrize("encoding", tokens.ENCODINGS)
def test_chunks_do_not_change_the_count_of_prose(encoding: str) -> None:
    prose = (
        "The ship's 3 masts, it's said; cost $1,234.50!\n\n\t오늘 날씨가 참 좋네요.   \r\n  x = y[0] # done\n" * 4_000
    )
    settings.use_bundled_vocabularies()
    whole = len(tiktoken.get_encoding(encoding).encode_ordinary(prose))
    assert len(prose) > 3 * tokens._CHUNK
    assert tokens.count_tokens(prose, encoding=encoding) == whole


def test_a_remembered_count_is_that_of_its_text_and_encoding() -> None:
    first, second = "오늘 날씨가 참 좋네요. " * 100, "Nothing of a visitor is kept. " * 100
    counts = [tokens.count_tokens(text, encoding=name) for text in (first, second) for name in tokens.ENCODINGS]
    again = [tokens.count_tokens(text, encoding=name) for text in (first, second) for name in tokens.ENCODINGS]
    assert again == counts
    assert len(set(counts)) > 2


def test_remembered_counts_are_bounded_and_the_oldest_goes() -> None:
    recent = tokens._RecentCounts(2)
    recent.put(("e", b"1"), 1)
    recent.put(("e", b"2"), 2)
    assert recent.get(("e", b"1")) == 1
    recent.put(("e", b"3"), 3)
    assert [recent.get(("e", key)) for key in (b"1", b"2", b"3")] == [1, None, 3]


def test_pieces_are_the_bytes_of_the_text() -> None:
    text = "안녕 👩‍🚀 naïve"
    pieces = tokens.pieces(text, "cl100k_base")
    assert pieces is not None
    assert b"".join(pieces) == text.encode()
    assert len(pieces) == tokens.count_tokens(text, encoding="cl100k_base")
    assert any(b"\xef\xbf\xbd" in piece.decode("utf-8", "replace").encode() for piece in pieces)


@pytest.mark.parametrize(("model", "expected"), [("gpt-4", 129), ("gpt-3.5-turbo", 129), ("gpt-4o", 124)])
def test_the_conversation_of_the_cookbook(model: str, expected: int) -> None:
    assert tokens.count_message_tokens(COOKBOOK, model) == expected


def test_a_message_counts_as_it_goes_out(picture: ImagePart) -> None:
    file = TextFile("a.py", "print(1)")
    joined = Message("user", (TextPart(f"Look\n\n{file.rendered}"),))
    assert tokens.count_message_tokens([user("Look", file)], "gpt-4o") == tokens.count_message_tokens(
        [joined], "gpt-4o"
    )
    apart = tokens.count_tokens("Look", "gpt-4o") + tokens.count_tokens(file.rendered, "gpt-4o")
    with_picture = tokens.count_message_tokens([user(picture, file, "Look")], "gpt-4o")
    assert with_picture == 3 + 1 + apart + 765 + 3


def test_estimate(picture: ImagePart) -> None:
    remote = RemoteImage("https://example.org/a.png")
    messages = [user("Hello", picture, remote), assistant("Hi")]
    found = tokens.estimate(messages, "gpt-4o", persona="Be brief.")
    text = tokens.count_message_tokens([system("Be brief."), user("Hello"), assistant("Hi")], "gpt-4o")
    assert found == tokens.Estimate(text, 765, unknown_images=1, exact_tokenizer=True)
    assert found.input_tokens == text + 765
    assert tokens.count_message_tokens(messages, "gpt-4o") == tokens.estimate(messages, "gpt-4o").input_tokens
    unknown = tokens.estimate(messages, "llama3")
    assert (unknown.image_tokens, unknown.unknown_images, unknown.exact_tokenizer) == (0, 2, False)


def test_an_empty_persona_is_not_sent_and_not_counted() -> None:
    assert tokens.estimate([user("Hello")], "gpt-4o", persona=" \n") == tokens.estimate([user("Hello")], "gpt-4o")


def test_the_detail_of_a_picture_counts() -> None:
    low = ImagePart(b"", "image/png", 1024, 1024, detail="low")
    assert tokens.estimate([user(low)], "gpt-4o").image_tokens == 85


IMAGES = [
    # Worked examples of the guide.
    ("gpt-5.4", "high", 1024, 1024, 1229),
    ("gpt-5.4", "high", 2048, 2048, 3000),
    ("gpt-4o", "high", 1024, 1024, 765),
    ("gpt-4o", "high", 2048, 4096, 1105),
    ("gpt-4o", "low", 4096, 8192, 85),
    # Computed by its rules.
    ("gpt-4o-mini", "high", 1024, 1024, 25501),
    ("gpt-5", "high", 1024, 1024, 630),
    ("o3", "high", 1024, 1024, 675),
    ("gpt-4o", "high", 512, 512, 255),
    ("gpt-4o", "high", 128, 64, 255),
    ("gpt-5.6-luna", "auto", 1920, 1080, 2448),
    ("gpt-5.6-sol", "original", 4032, 3024, 14364),
    ("gpt-5.6-terra", "high", 4032, 3024, 2942),
    ("gpt-4.1-mini", "auto", 1800, 2400, 4977),
    # Each family, and what each level means there.
    ("gpt-5.6-luna", "low", 1024, 1024, 308),
    ("gpt-6-astra", "auto", 1024, 1024, 1229),
    ("gpt-6-astra", "low", 1024, 1024, 308),
    ("gpt-6-astra", "high", 2048, 2048, 3000),
    ("gpt-6-sol", "auto", 1024, 1024, 1229),
    ("gpt-6-luna", "original", 1024, 1024, 1229),
    ("gpt-6-luna", "high", 1024, 1024, None),
    ("gpt-6-luna", "low", 1024, 1024, None),
    ("gpt-6.1-terra", "auto", 32, 32, 2),
    ("gpt-5.5", "auto", 4032, 3024, 11868),
    ("gpt-5.5", "high", 2048, 2048, 3000),
    ("gpt-5.4", "auto", 2048, 2048, 3000),
    ("gpt-5.4-mini", "low", 2048, 2048, 4916),
    ("gpt-5.4-nano", "high", 1024, 1024, 1229),
    ("gpt-5.4-mini", "original", 2048, 2048, 4916),
    ("gpt-5.2", "auto", 2048, 2048, 4916),
    ("gpt-5.2", "original", 2048, 2048, None),
    ("gpt-4.1-mini", "original", 64, 64, None),
    ("gpt-5-mini", "auto", 4032, 3024, 1743),
    ("gpt-5-nano", "low", 1024, 1024, 1536),
    ("gpt-4.1-nano", "high", 1024, 1024, 2520),
    ("o4-mini", "high", 1024, 1024, 1762),
    ("gpt-5.1", "auto", 1024, 1024, 630),
    ("gpt-4.1", "auto", 1024, 1024, 765),
    ("gpt-4.1", "original", 1024, 1024, None),
    ("o1", "low", 1024, 1024, 75),
    ("o1-pro", "auto", 1024, 1024, 675),
    ("computer-use-preview", "auto", 1024, 1024, 65 + 4 * 129),
    ("gpt-4o-mini", "low", 1024, 1024, 2833),
    # Nothing is known of these.
    ("gpt-4-turbo", "auto", 1024, 1024, None),
    ("o3-mini", "auto", 1024, 1024, None),
    ("llama3", "auto", 1024, 1024, None),
    # Thin, tiny, and turned pictures.
    ("gpt-4o", "auto", 1, 1, 255),
    ("gpt-4o", "auto", 20000, 10, 85 + 4 * 170),
    ("gpt-5.4", "auto", 20000, 10, 77),
    ("gpt-5.4", "auto", 10, 20000, 77),
    ("gpt-5.6-luna", "auto", 1, 1, 2),
]


@pytest.mark.parametrize(("model", "detail", "width", "height", "expected"), IMAGES)
def test_image_tokens(model: str, detail: models.Detail, width: int, height: int, expected: int | None) -> None:
    assert tokens.image_tokens(width, height, model, detail) == expected


def test_every_image_rule_is_exercised() -> None:
    used = {id(models.lookup(row[0]).image_rule) for row in IMAGES}
    assert {id(rule) for rule in models._RULES.values()} <= used


@pytest.mark.parametrize(
    ("width", "height", "size", "expected"),
    [
        (1024, 1024, PatchSize(budget=1536), 1024),
        (1800, 2400, PatchSize(budget=1536), 1452),
        (2048, 2048, PatchSize(2048, 2500), 2500),
        (4032, 3024, PatchSize(2048, 2500), 2451),
        (6048, 6048, PatchSize(), 35_721),
        (7952, 5304, PatchSize(), 41_334),
        (5444, 6200, PatchSize(), 33_174),
        (5100, 6000, PatchSize(), 30_080),
    ],
)
def test_patches(width: int, height: int, size: PatchSize, expected: int) -> None:
    assert tokens._patches(width, height, size) == expected


def test_patches_never_exceed_the_budget() -> None:
    budget = PatchSize(2048, 2500)
    for width in range(1500, 5000, 37):
        for height in range(1500, 5000, 211):
            assert tokens._patches(width, height, budget) <= 2500


def test_a_picture_that_the_api_refuses_is_known_by_its_patches() -> None:
    patches = tokens.image_patches(6048, 6048, "gpt-5.6-luna")
    assert patches == 35_721
    assert patches > models.MAX_IMAGE_PATCHES
    assert tokens.image_patches(1024, 1024, "gpt-4o") is None
    assert tokens.image_patches(1024, 1024, "gpt-6-luna", "high") is None


def test_the_multiplier_is_exact() -> None:
    rule = models.lookup("gpt-4.1-mini").image_rule
    assert isinstance(rule, PatchRule)
    assert rule.multiplier == Decimal("1.62")
    # 50 patches are 81 tokens; in binary floating point 50 * 1.62 is a little more, and would be 82.
    assert tokens.image_tokens(320, 160, "gpt-4.1-mini") == 81


SCRIPT = """
import json
import tiktoken.registry
from chat_core import tokens
print(json.dumps({
    "tokens": tokens.count_tokens("hello there, you", encoding="o200k_base"),
    "korean": tokens.count_tokens("아버지가 방에", encoding="o200k_base"),
    "estimated": tokens.measure("text", "gpt-4o").estimated,
    "pieces": tokens.pieces("text", "o200k_base"),
    "exact": tokens.estimate([], "gpt-4o").exact_tokenizer,
    "loaded": list(tiktoken.registry.ENCODINGS),
}))
"""


def _run_copy(root: Path, code: str) -> str:
    """Run code with a copy of the core that lies in ``root``; its vocabularies are what ``root/assets`` holds."""
    source = Path(tokens.__file__).parent
    shutil.copytree(source, root / "chat_core", ignore=shutil.ignore_patterns("__pycache__"))
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], cwd=root, capture_output=True, text=True, check=True
    )
    return done.stdout


@pytest.mark.parametrize("content", [None, b"", b"\r\n"], ids=["missing", "empty", "damaged"])
def test_without_a_sound_vocabulary_counts_are_rough_and_the_network_is_left_alone(
    tmp_path: Path, content: bytes | None
) -> None:
    vocabulary = tokens.VOCABULARIES["o200k_base"]
    file = tmp_path / "assets" / "tiktoken_cache" / vocabulary.file
    if content is not None:
        file.parent.mkdir(parents=True)
        # As long as the real one, so that only its hash tells.
        file.write_bytes(content * (vocabulary.size // 2))
    found = json.loads(_run_copy(tmp_path, SCRIPT))
    assert found == {"tokens": 4, "korean": 5, "estimated": True, "pieces": None, "exact": False, "loaded": []}
    # tiktoken deletes a damaged file before it fetches another one.
    assert file.exists() == (content is not None)


def test_importing_loads_no_vocabulary(tmp_path: Path) -> None:
    code = "import chat_core.tokens, tiktoken.registry; print(len(tiktoken.registry.ENCODINGS))"
    assert _run_copy(tmp_path, code) == "0\n"
