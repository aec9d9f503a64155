"""Many texts out of one."""

import pytest

from chat_core import row_sources
from chat_core.errors import FileError
from chat_core.row_sources import Table, read_table, split_text


@pytest.mark.parametrize(
    ("text", "lines", "paragraphs"),
    [
        ("", [], []),
        (" \n\t\n", [], []),
        ("one\ntwo", ["one", "two"], ["one\ntwo"]),
        ("one\r\ntwo\r\n\r\nthree", ["one", "two", "three"], ["one\ntwo", "three"]),
        ("하나\n \n\t\n둘\n셋\n", ["하나", "둘", "셋"], ["하나", "둘\n셋"]),
        ("  a  \n\n\n b", ["a", "b"], ["a", "b"]),
    ],
)
def test_a_text_becomes_lines_or_paragraphs(text: str, lines: list[str], paragraphs: list[str]) -> None:
    assert split_text(text, "lines") == lines
    assert split_text(text, "paragraphs") == paragraphs


REVIEWS = 'id,review\n1,좋아요\n2,"good, cheap"\n'
WANTED = Table(("id", "review"), (("1", "좋아요"), ("2", "good, cheap")))


@pytest.mark.parametrize(
    ("data", "table"),
    [
        (REVIEWS.encode(), WANTED),
        (REVIEWS.encode("utf-8-sig"), WANTED),
        (b"\xff\xfe" + REVIEWS.encode("utf-16-le"), WANTED),
        (REVIEWS.encode("cp949"), WANTED),
        (REVIEWS.replace("\n", "\r\n").encode(), WANTED),
        (REVIEWS.replace("\n", "\r").encode(), WANTED),
        (REVIEWS.replace("1,좋", "1;좋").replace("2,", "2;").replace("id,", "id;").encode(), WANTED),
        (b"id\treview\n1\ta, b, c\n2\td, e, f\n", Table(("id", "review"), (("1", "a, b, c"), ("2", "d, e, f")))),
        (b"a|b\n1|2\n", Table(("a", "b"), (("1", "2"),))),
        # One column, whose texts may hold any sign.
        (b"review\ngood, cheap\nbad; so so\n", Table(("review",), (("good, cheap",), ("bad; so so",)))),
        (b'text\n"two\nlines"\n', Table(("text",), (("two\nlines",),))),
        # Names: empty, twice, too few, with line ends; lines that are empty or shorter.
        (b"a,,a\n1,2,3,4\n\n,,\n5\n", Table(("a", "2", "a (3)", "4"), (("1", "2", "3", "4"), ("5", "", "", "")))),
        (b'"a\nb",c\n1,2\n', Table(("a b", "c"), (("1", "2"),))),
    ],
)
def test_a_csv_file_becomes_a_table(data: bytes, table: Table) -> None:
    assert read_table(data, "reviews.csv") == table


def test_a_file_without_names_has_numbers_for_names() -> None:
    table = read_table(b"1,one\n2,two\n", "list.csv", heads=False)
    assert table == Table(("1", "2"), (("1", "one"), ("2", "two")))
    assert [cell.text for cell in table.column("2")] == ["one", "two"]


def test_a_column_is_its_texts_with_their_places() -> None:
    table = read_table(b"id,text\n1,one\n2,  \n3, three \n", "list.csv")
    assert [(cell.number, cell.text) for cell in table.column("text")] == [(1, "one"), (3, "three")]
    assert table.column("no such") == []


def test_no_two_columns_have_the_same_name() -> None:
    table = read_table(b"a,a (3),a,a\n1,2,3,4\n", "list.csv")
    assert len(set(table.columns)) == 4
    assert [table.column(name)[0].text for name in table.columns] == ["1", "2", "3", "4"]


def test_a_name_of_a_column_is_never_too_long_to_be_shown() -> None:
    table = read_table(b"x" * 9_000 + b"," + b"x" * 9_000 + b"\n1,2\n", "list.csv")
    assert max(map(len, table.columns)) < 140
    assert [table.column(name)[0].text for name in table.columns] == ["1", "2"]


def test_a_long_text_is_one_cell() -> None:
    table = read_table(b"text,n\n" + b"x" * 500_000 + b",1\n", "list.csv")
    assert len(table.column("text")[0].text) == 500_000


def test_quotes_inside_of_a_cell_and_lines_within_quotes_are_no_fault() -> None:
    table = read_table(b'text,n\n5" pipe,1\n"two\n\nlines",2', "list.csv")
    assert [cell.text for cell in table.column("text")] == ['5" pipe', "two\n\nlines"]


def test_the_column_with_the_most_text_is_offered() -> None:
    assert read_table(b"name,review,stars\nKim,It is very good,5\n", "list.csv").wordiest == "review"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b"only,heads\n", "empty"),
        (b"\n,,\n , \n", "empty"),
        (b"a\x00b,c\n1,2\n", "not_text"),
        (b"\x89PNG\r\n\x1a\n" + bytes(40), "not_text"),
        (b"x" * (row_sources.LARGEST_TABLE + 1), "table_too_large"),
        (b"text\n" + b"x" * (row_sources.LONGEST_CELL + 1) + b"\n", "not_csv"),
        (b"a" + b",a" * 199 + b"\n" + b"1\n" * 10_000, "too_many_cells"),
        (b"text\n" + b"x\n" * row_sources.MOST_CELLS, "too_many_cells"),
        (b'text,n\n"never closed,1\nx,2\ny,3\n', "open_quote"),
        (b'text\n"', "open_quote"),
        (b"a" + b"," * 300 + b"\n" + b"1" + b"," * 300 + b"\n", "not_csv"),
    ],
)
def test_what_is_no_table_is_said(data: bytes, reason: str) -> None:
    with pytest.raises(FileError) as raised:
        read_table(data, "list.csv")
    assert raised.value.fields["reason"] == reason
