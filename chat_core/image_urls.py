"""Picture addresses inside a text: where they start and end, and what they are. Pure; nothing is fetched."""

import re
from dataclasses import dataclass

MAX_URL = 4096
"""Characters of an http(s) URL; browsers and servers stop at about this length."""

_EXTENSION = r"\.(?:png|jpe?g|webp|gif|avif|bmp)"
_START = re.compile(r"(?<![A-Za-z0-9])(?:https?://|data:image/)", re.IGNORECASE)
_DATA = re.compile(r"data:image/[a-z0-9.+-]{1,40}(?:;[a-z0-9=.+-]{1,40}){0,4};base64,[a-z0-9+/]+={0,2}", re.IGNORECASE)
# A second URL glued to the first by a particle or a comma: the first ends there.
_GLUED = r"(?:(?<=[^\x00-\x7f])|(?<=[,;)\]']))https?://"
_RUN = re.compile(rf"https?://(?:[^\s<>\"`{{}}|\\^\x00-\x1f\x7fhH]|(?!{_GLUED})[hH]){{1,{MAX_URL}}}", re.IGNORECASE)
_PATH_PICTURE = re.compile(rf"https?://[^/?#]+/[^?#]*?{_EXTENSION}(?![A-Za-z0-9_%/.~-])", re.IGNORECASE)
# "cat.png." at the end of a sentence: the full stop is the sentence's, not the path's.
_PATH_PICTURE_STOP = re.compile(rf"https?://[^/?#]+/[^?#]*?{_EXTENSION}(?=\.+(?![A-Za-z0-9_%/~-]))", re.IGNORECASE)
_QUERY = re.compile(r"\?[A-Za-z0-9\-._~:/?@!$&'()*+,;=%\[\]]*")
# Twitter's and others' "format", imgix's and Unsplash's "fm", WeChat's "wx_fmt".
_FORMAT = re.compile(r"[?&](?:format|fm|wx_fmt)=(?:png|jpe?g|webp|gif|avif|bmp)(?![A-Za-z0-9])", re.IGNORECASE)
_MARKDOWN_OPEN = re.compile(r"!\[[^\[\]\n]{0,300}\]\(\s{0,3}<?\Z")
_MARKDOWN_CLOSE = re.compile(r">?(?:\s{1,3}(?:\"[^\"\n]{0,300}\"|'[^'\n]{0,300}'))?\s{0,3}\)")
_MARKDOWN_URL = re.compile(r"[^\s<>()]+(?:\([^\s<>()]*\)[^\s<>()]*)*")
_LONGEST_OPENING = 310


@dataclass(frozen=True, slots=True)
class Span:
    """A picture's address in a text: ``text[start:end]`` is what stands there (``![alt](url)`` as a whole)."""

    start: int
    end: int
    url: str


def find_image_urls(text: str) -> list[Span]:
    """The picture addresses in ``text``, in order: http(s) URLs that look like a picture, and ``data:image/...`` URLs.

    A URL looks like a picture if its path ends in a picture's extension, if its query names a picture format
    (``format=jpg``), or if it stands in markdown's ``![alt](url)``. What follows without a blank - a Korean particle, a
    bracket, a full stop - is not part of it. Time is linear in the length of the text.
    """
    spans: list[Span] = []
    position = 0
    while start := _START.search(text, position):
        span, position = _at(text, start.start(), position)
        if span:
            spans.append(span)
    return spans


def _at(text: str, start: int, floor: int) -> tuple[Span | None, int]:
    """The picture whose URL starts at ``start``, if there is one, and where to go on; before ``floor`` all is taken."""
    if data := _DATA.match(text, start):
        found = _in_markdown(text, start, data.end(), floor) or Span(start, data.end(), data.group())
        return found, found.end
    run = _RUN.match(text, start)
    if run is None:
        return None, start + len("data:")
    stop = run.end()
    if marked := _MARKDOWN_URL.match(text, start, stop):
        span = _in_markdown(text, start, marked.end(), floor)
        if span:
            return span, span.end
    end = _picture_end(text, start, stop)
    return (Span(start, end, text[start:end]), end) if end else (None, stop)


def _in_markdown(text: str, start: int, end: int, floor: int) -> Span | None:
    """The whole of ``![alt](url)``, if the URL at ``start`` to ``end`` stands in one."""
    before = max(floor, start - _LONGEST_OPENING)
    mark = text.rfind("![", before, start)
    opening = _MARKDOWN_OPEN.match(text[mark:start]) if mark >= 0 else None
    closing = _MARKDOWN_CLOSE.match(text, end) if opening else None
    return Span(mark, closing.end(), text[start:end]) if closing else None


def _picture_end(text: str, start: int, stop: int) -> int:
    """Where the picture's URL ends, at ``stop`` at the latest; 0 if it does not look like a picture."""
    path = _PATH_PICTURE.match(text, start, stop) or _PATH_PICTURE_STOP.match(text, start, stop)
    if path:
        query = _QUERY.match(text, path.end(), stop)
        return _trimmed(text, path.end(), query.end()) if query else path.end()
    mark = text.find("?", start, stop)
    query = _QUERY.match(text, mark, stop) if mark >= 0 else None
    if query and _FORMAT.search(query.group()):
        return _trimmed(text, mark, query.end())
    return 0


def _trimmed(text: str, start: int, end: int) -> int:
    """``end`` without the punctuation of the sentence around the URL; a bracket stays if it was opened inside."""
    spare = text.count(")", start, end) - text.count("(", start, end)
    while end > start and (text[end - 1] in ".,;:!?'*" or (text[end - 1] == ")" and spare > 0)):
        spare -= text[end - 1] == ")"
        end -= 1
    return end
