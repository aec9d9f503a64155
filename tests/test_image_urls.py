"""Finding picture addresses in texts."""

from itertools import pairwise

import pytest

from chat_core.image_urls import MAX_URL, Span, find_image_urls

PIXEL = "data:image/png;base64,iVBORw0KGgo="


@pytest.mark.parametrize(
    ("text", "urls"),
    [
        ("https://a.com/cat.png", ["https://a.com/cat.png"]),
        ("look at https://a.com/cat.PNG please", ["https://a.com/cat.PNG"]),
        ("https://a.com/cat.png를 봐", ["https://a.com/cat.png"]),
        ("사진:https://a.com/cat.jpg입니다.", ["https://a.com/cat.jpg"]),
        ("https://a.com/cat.jpeg?w=1&h=2를 봐", ["https://a.com/cat.jpeg?w=1&h=2"]),
        ("https://a.com/고양이.webp와 https://a.com/개.gif.", ["https://a.com/고양이.webp", "https://a.com/개.gif"]),
        ("https://a.com/1.png,https://a.com/2.png", ["https://a.com/1.png", "https://a.com/2.png"]),
        ("https://a.com/page를https://a.com/2.png", ["https://a.com/2.png"]),
        ("https://a.com/page,https://a.com/2.png", ["https://a.com/2.png"]),
        ("https://h.com/hh/http.png", ["https://h.com/hh/http.png"]),
        ("https://a.com/cat.png.", ["https://a.com/cat.png"]),
        ("https://a.com/cat.png...", ["https://a.com/cat.png"]),
        ("https://a.com/cat.png!", ["https://a.com/cat.png"]),
        ("(https://a.com/cat.png)", ["https://a.com/cat.png"]),
        ("(https://a.com/cat.png?x=1).", ["https://a.com/cat.png?x=1"]),
        ("https://a.com/cat.png?x=(1)", ["https://a.com/cat.png?x=(1)"]),
        ("https://a.com/Cat_(animal).png", ["https://a.com/Cat_(animal).png"]),
        ("<https://a.com/cat.avif>", ["https://a.com/cat.avif"]),
        ('<img src="https://a.com/cat.bmp">', ["https://a.com/cat.bmp"]),
        ("https://a.com/thumb/Cat.jpg/320px-Cat.jpg", ["https://a.com/thumb/Cat.jpg/320px-Cat.jpg"]),
        ("https://a.com/cat.png#top", ["https://a.com/cat.png"]),
        ("HTTPS://A.COM/CAT.JPG", ["HTTPS://A.COM/CAT.JPG"]),
        ("https://t.com/media/xyz?format=jpg&name=large", ["https://t.com/media/xyz?format=jpg&name=large"]),
        ("https://i.com/photo-1?w=80&fm=webp,", ["https://i.com/photo-1?w=80&fm=webp"]),
        ("https://proxy.com/https://a.com/cat.png", ["https://proxy.com/https://a.com/cat.png"]),
        ("![a cat](https://a.com/cat.png)", ["https://a.com/cat.png"]),
        ("![](https://a.com/render?id=7)", ["https://a.com/render?id=7"]),
        ('![a](<https://a.com/cat> "title")', ["https://a.com/cat"]),
        ("![a](https://a.com/Cat_(animal))", ["https://a.com/Cat_(animal)"]),
        ("![a](https://a.com/cat.png", ["https://a.com/cat.png"]),
        (PIXEL, [PIXEL]),
        (f"이 그림은 {PIXEL}입니다", [PIXEL]),
        (f"![pixel]({PIXEL})", [PIXEL]),
        ("data:image/svg+xml;charset=utf-8;base64,PHN2Zz4=", ["data:image/svg+xml;charset=utf-8;base64,PHN2Zz4="]),
        # Nothing to find.
        ("", []),
        ("a cat.png and www.a.com/cat.png", []),
        ("https://cat.png", []),
        ("https://a.com/", []),
        ("https://a.com/cat.png.html", []),
        ("https://a.com/cat.png/about", []),
        ("https://a.com/cat.pngx", []),
        ("https://a.com/?file=cat.png", []),
        ("https://a.com/a?format=json", []),
        ("[a link](https://a.com/page)", []),
        ("ftp://a.com/cat.png", []),
        ("xhttps://a.com/cat.png", []),
        ("data:text/plain;base64,aGk=", []),
        ("data:image/png,raw", []),
        ("https:///cat.png", []),
        ("https://" + "a" * MAX_URL + "/cat.png", []),
    ],
)
def test_urls_of_pictures_are_found(text: str, urls: list[str]) -> None:
    assert [span.url for span in find_image_urls(text)] == urls


def test_a_span_says_where_the_url_stands() -> None:
    text = "가 https://a.com/1.png를 ![둘](https://a.com/2) 끝"
    first, second = find_image_urls(text)
    assert text[first.start : first.end] == first.url == "https://a.com/1.png"
    assert text[second.start : second.end] == "![둘](https://a.com/2)"
    assert second == Span(second.start, second.end, "https://a.com/2")


def test_spans_never_overlap_and_cut_clean() -> None:
    text = "![https://a.com/1.png](https://a.com/2.png) ![x](https://a.com/3.png)"
    spans = find_image_urls(text)
    assert all(one.end <= other.start for one, other in pairwise(spans))
    assert [span.url for span in spans] == [f"https://a.com/{n}.png" for n in (1, 2, 3)]


@pytest.mark.parametrize(
    "piece",
    [
        "https://", "![", "![](", "![](https://a/", "https://a/.png.", "data:image/", "data:image/a;a;",
        "https://a/b?fm=",
        "(", ")", "https://a.com/x.png?" + ")" * 500, "가https://", ".png.png.png", "https://a/?" + "(" * 50,
        "[", "a;base64,",
    ],
)  # fmt: skip
def test_hostile_texts_end(piece: str) -> None:
    # A backtracking pattern would be at this for hours, and the run for whoever waits for it.
    text = piece * (400_000 // len(piece))
    assert all(0 <= span.start < span.end <= len(text) for span in find_image_urls(text))
