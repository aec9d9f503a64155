"""Pictures that are kept on disk, among the visitor's uploads, as they will be sent, each with a small copy for the
page."""

import base64
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from chat_core.errors import ImageError
from chat_core.fetch import fetch_image
from chat_core.file_names import safe_name
from chat_core.images import load_image, thumbnail
from chat_core.messages import ImagePart
from chat_ui.files_apart import apart
from chat_ui.gradio_inside import keep_file

# Twice the size at which a card shows it, for screens with more pixels.
THUMBNAIL_SIDE = 320


@dataclass(frozen=True, slots=True)
class KeptPicture:
    """``width``, ``height``: pixels.  ``path``: the file, upright and clean.  ``small``: that of its thumbnail."""

    media_type: str
    width: int
    height: int
    path: str
    small: str


async def read_picture(source: str, name: str, *, remote: bool) -> KeptPicture:
    """Read an upload, or fetch what is at a URL (``remote``). Raises ImageError and FetchError."""
    if remote:
        return await keep_apart(await fetch_image(source), name)
    return await apart(_load_and_keep, source, name)


async def keep_apart(part: ImagePart, name: str) -> KeptPicture:
    """Keep a picture that has been read already."""
    return await apart(keep, part, name)


async def bytes_of(path: str, name: str) -> bytes:
    """The bytes of a kept picture. Raises ImageError where it has been swept away."""
    return await apart(_bytes_of, path, name)


def name_of_url(url: str) -> str:
    """What to call the picture behind a URL: the end of its path, or its host."""
    try:
        parts = urlsplit(url)
    except ValueError:  # half an address in brackets, which fetching it will refuse in words
        return safe_name(url)
    return safe_name(unquote(PurePosixPath(parts.path).name), "") or safe_name(parts.netloc or url)


def keep(part: ImagePart, name: str) -> KeptPicture:
    """Keep the picture and a small copy of it."""
    ending = {"image/png": ".png", "image/jpeg": ".jpg", "image/webp": ".webp"}
    stem = Path(safe_name(name, "picture")).stem or "picture"
    path = keep_file(part.data, stem + ending[part.media_type])
    head, _, body = thumbnail(part, THUMBNAIL_SIDE).partition(",")
    small = keep_file(base64.b64decode(body), f"small{ending[head.removeprefix('data:').removesuffix(';base64')]}")
    return KeptPicture(part.media_type, part.width, part.height, path, small)


def _load_and_keep(path: str, name: str) -> KeptPicture:
    return keep(load_image(Path(path), name=name), name)


def _bytes_of(path: str, name: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise ImageError(f"{name} is not there.", name=name, reason="not_found") from error
