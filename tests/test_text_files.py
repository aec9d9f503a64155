"""Reading text files: encodings, limits and names."""

from pathlib import Path

import pytest

from chat_core.errors import FileError
from chat_core.file_names import MAX_NAME, safe_name
from chat_core.messages import TextFile
from chat_core.text_files import MAX_TEXT_BYTES, decode_text, load_text_file

KOREAN = "아버지가 방에 들어가신다.\n값: 3,000원\n"
# The first and the fifth of these words are written with syllables that EUC-KR lacks and CP949 has.
RARE_SYLLABLES = "똠방각하가 아버지와 어머니께 드린 펲시콜라 이야기를 오래오래 읽어 보았습니다"
PNG_HEAD = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"


@pytest.mark.parametrize(
    ("data", "text", "encoding"),
    [
        (b"plain", "plain", "utf-8"),
        (KOREAN.encode(), KOREAN, "utf-8"),
        (KOREAN.encode("utf-8-sig"), KOREAN, "utf-8"),
        (b"\xff\xfe" + KOREAN.encode("utf-16-le"), KOREAN, "utf-16-le"),
        (b"\xfe\xff" + KOREAN.encode("utf-16-be"), KOREAN, "utf-16-be"),
        (KOREAN.encode("cp949"), KOREAN, "cp949"),
        (RARE_SYLLABLES.encode("cp949"), RARE_SYLLABLES, "cp949"),
        ("name,값\na,1\n".encode("euc-kr"), "name,값\na,1\n", "cp949"),
        (b"\x1b[31mred\x1b[0m log line", "\x1b[31mred\x1b[0m log line", "utf-8"),
    ],
)
def test_encodings(data: bytes, text: str, encoding: str) -> None:
    decoded = decode_text(data)
    assert decoded is not None
    assert (decoded.text, decoded.encoding) == (text, encoding)


@pytest.mark.parametrize(
    "data",
    [
        PNG_HEAD,
        b"text with\x00a NUL",
        b"\x01\x02\x03\x04 four controls",
        "naïve café".encode("latin-1"),
        "日本語のテキスト".encode("shift_jis"),
        bytes(range(128, 256)) * 4,
        b"\xff\xfe\x00",
        b"\xff\xfe\x00\x00" + "ab".encode("utf-32-le"),
        b"%PDF-1.7\n1 0 obj\n<<>>\nendobj",
    ],
)
def test_what_is_no_text_is_refused(data: bytes) -> None:
    with pytest.raises(FileError) as refused:
        load_text_file(data, "thing.txt")
    assert refused.value.fields["reason"] == "not_text"
    assert refused.value.fields["name"] == "thing.txt"


@pytest.mark.parametrize("data", [b"", b"\xef\xbb\xbf", b"\xff\xfe", b" \r\n\t "])
def test_an_empty_file_is_refused(data: bytes) -> None:
    with pytest.raises(FileError) as refused:
        load_text_file(data, "thing.txt")
    assert refused.value.fields["reason"] == "empty"


def test_the_limit_is_of_bytes_on_disk(tmp_path: Path) -> None:
    path = tmp_path / "long.txt"
    path.write_bytes(b"a" * MAX_TEXT_BYTES)
    assert len(load_text_file(path).text) == MAX_TEXT_BYTES
    path.write_bytes(b"a" * (MAX_TEXT_BYTES + 1))
    with pytest.raises(FileError) as refused:
        load_text_file(path)
    assert refused.value.fields == {"name": "long.txt", "reason": "too_large", "limit": MAX_TEXT_BYTES}


def test_a_path_gives_name_and_text(tmp_path: Path) -> None:
    path = tmp_path / "메모.unheard-of"
    path.write_bytes(b"one\r\ntwo\rthree")
    assert load_text_file(str(path)) == TextFile("메모.unheard-of", "one\ntwo\nthree")
    assert load_text_file(path, "other.md").name == "other.md"


@pytest.mark.parametrize("make", [lambda path: path / "gone.txt", lambda path: path, lambda path: path / "nul\x00.txt"])
def test_a_path_that_is_no_file_is_refused(tmp_path: Path, make) -> None:
    with pytest.raises(FileError) as refused:
        load_text_file(make(tmp_path))
    assert refused.value.fields["reason"] == "not_found"


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("notes.txt", "notes.txt"),
        ("/etc/passwd", "passwd"),
        ("C:\\Users\\me\\메모.txt", "메모.txt"),
        ("../../x.py", "x.py"),
        ("two\nlines\r\x00\x1b[31m.txt", "twolines[31m.txt"),
        ("\u202etxt.exe\u200b", "txt.exe"),
        ("a \u2028 b   c.txt", "a b c.txt"),
        ("\udcff.txt", ".txt"),
        ("\u1112\u1161\u11ab.txt", "한.txt"),
        ("", "file.txt"),
        ("..", "file.txt"),
        ("folder/", "file.txt"),
        ("\u202e\n", "file.txt"),
        ("x" * 130 + ".json", "x" * (MAX_NAME - 6) + "….json"),
        ("y" * 1_000_000 + ".md", "y" * (MAX_NAME - 4) + "….md"),
    ],
)
def test_names_are_safe_to_show(name: str, shown: str) -> None:
    assert safe_name(name, "file.txt") == shown
    assert len(shown) <= MAX_NAME
