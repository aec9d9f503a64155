"""The ``messages`` of a request -> turns, with every picture opened on the way."""

import base64
import binascii
import hashlib
from functools import cache, partial
from typing import Any

from demo_model import errors
from demo_model.call import Attached, Turn, Unfetched
from demo_model.errors import ApiError
from demo_model.pictures import measuring

_ROLES = ("system", "assistant", "user", "function", "tool", "developer")
_PARTS = ("text", "image_url")
_DETAILS = ("auto", "low", "high", "original")

_MOST_PICTURES = 50
"""Pictures of one request, as Azure OpenAI has it: each is looked at for up to a few tenths of a second."""

_PIXELS_OF_ALL_PICTURES = 200_000_000
"""Decoding them all takes a few seconds at most, however small the files are."""


def read_messages(given: Any, *, pictures_taken: bool = True) -> tuple[Turn, ...]:
    """Check the messages. ``pictures_taken``: whether the model takes pictures. Raises ApiError."""
    if given is None:
        raise errors.missing("messages")
    if not isinstance(given, list):
        raise errors.wrong_type("messages", "an array of objects", given)
    if not given:
        raise ApiError(
            "Invalid 'messages': empty array. Expected an array with minimum length 1, but got an empty array instead.",
            param="messages",
            code="empty_array",
        )
    if not pictures_taken:
        _refuse_pictures(given)
    gallery = _Gallery()
    return tuple(_turn(message, f"messages[{place}]", gallery) for place, message in enumerate(given))


def _refuse_pictures(messages: list[Any]) -> None:
    for place, message in enumerate(messages):
        content = message.get("content") if isinstance(message, dict) else None
        for number, part in enumerate(content if isinstance(content, list) else ()):
            if isinstance(part, dict) and part.get("type") == "image_url":
                raise errors.text_only(place, number)


class _Gallery:
    """Opens the pictures of one request, within one allowance of pixels."""

    def __init__(self) -> None:
        self._pixels_left = _PIXELS_OF_ALL_PICTURES
        self._pictures_left = _MOST_PICTURES

    def add(self, data: bytes, detail: str, param: str) -> Attached:
        self._pictures_left -= 1
        if self._pictures_left < 0:
            raise ApiError(f"Too many images in request. Max is {_MOST_PICTURES}.", param=param, code="invalid_value")
        try:
            opened = measuring.open_picture(data, pixels_left=self._pixels_left)
        except measuring.PictureError as error:
            raise errors.unsupported_image(param) from error
        self._pixels_left -= opened.width * opened.height
        digest = hashlib.sha256(data).hexdigest()
        return Attached(opened.width, opened.height, detail, digest, cache(partial(measuring.measure, opened)))


def _turn(message: Any, place: str, gallery: _Gallery) -> Turn:
    if not isinstance(message, dict):
        raise errors.wrong_type(place, "an object", message)
    role = message.get("role")
    if role is None:
        raise errors.missing(f"{place}.role")
    if role not in _ROLES:
        raise errors.wrong_value(f"{place}.role", role, _ROLES)
    name = message.get("name")
    if name is not None and not isinstance(name, str):
        raise errors.wrong_type(f"{place}.name", "a string", name)
    text, shown = _content(message, role, place, gallery)
    return Turn(role, text, shown, name)


def _content(
    message: dict[str, Any], role: str, place: str, gallery: _Gallery
) -> tuple[str, tuple[Attached | Unfetched, ...]]:
    content = message.get("content")
    if isinstance(content, str):
        return _clean(content), ()
    if content is None and role == "assistant":  # a refusal or tool calls stood there
        return "", ()
    if content is None:
        raise ApiError(
            "Invalid value for 'content': expected a string, got null.",
            param=f"messages.[{place.removeprefix('messages')[1:-1]}].content",
        )
    if not isinstance(content, list):
        raise errors.wrong_type(f"{place}.content", "one of a string or array of objects", content)
    texts: list[str] = []
    shown: list[Attached | Unfetched] = []
    for number, part in enumerate(content):
        where = f"{place}.content[{number}]"
        if not isinstance(part, dict):
            raise errors.wrong_type(where, "an object", part)
        kind = part.get("type")
        if kind is None:
            raise errors.missing(f"{where}.type")
        if kind == "refusal" and role == "assistant":
            continue
        if kind not in _PARTS:
            raise errors.wrong_value(f"{where}.type", kind, _PARTS)
        if kind == "text":
            texts.append(_text(part, where))
        else:
            shown.append(_picture(part, role, where, gallery))
    return "\n".join(texts), tuple(shown)


def _text(part: dict[str, Any], where: str) -> str:
    text = part.get("text")
    if text is None:
        raise errors.missing(f"{where}.text")
    if not isinstance(text, str):
        raise errors.wrong_type(f"{where}.text", "a string", text)
    return _clean(text)


def _picture(part: dict[str, Any], role: str, where: str, gallery: _Gallery) -> Attached | Unfetched:
    if role != "user":
        raise ApiError(
            f"Image URLs are only allowed for messages with role 'user', but this message with role '{role}' contains "
            "an image URL.",
            param=where.split(".")[0],
            code="invalid_value",
        )
    image = part.get("image_url")
    if image is None:
        raise errors.missing(f"{where}.image_url")
    if not isinstance(image, dict):
        raise errors.wrong_type(f"{where}.image_url", "an object", image)
    url, detail = image.get("url"), image.get("detail") or "auto"
    if url is None:
        raise errors.missing(f"{where}.image_url.url")
    if not isinstance(url, str):
        raise errors.wrong_type(f"{where}.image_url.url", "a string", url)
    if detail not in _DETAILS:
        raise errors.wrong_value(f"{where}.image_url.detail", detail, _DETAILS)
    if url.startswith(("http://", "https://")):
        return Unfetched(_clean(url))
    return gallery.add(_data(url, f"{where}.image_url.url"), detail, f"{where}.image_url.url")


def _data(url: str, param: str) -> bytes:
    """The bytes of a base64 data URL. Its media type is not believed: the bytes decide."""
    head, comma, encoded = url.partition(",")
    if not (comma and head.startswith("data:") and head.endswith(";base64")):
        raise ApiError(
            f"Invalid '{param}'. Expected a valid URL, but got a value with an invalid format.",
            param=param,
            code="invalid_value",
        )
    try:
        return base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError) as error:
        raise errors.unsupported_image(param) from error


def _clean(text: str) -> str:
    """Text without lone surrogates, which JSON can carry and UTF-8 cannot."""
    return text.encode("utf-8", "replace").decode("utf-8")
