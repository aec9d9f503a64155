"""What a picture costs at each level of detail, and in which size it can be sent to cost less. Pure, but for ``sized``.

Prices are not here: tokens are what a picture adds to the input, and ``pricing`` knows what those cost.
"""

from dataclasses import dataclass
from typing import Literal, get_args

from chat_core import models
from chat_core.images import resized
from chat_core.messages import Detail, ImagePart
from chat_core.tokens import image_patches, image_tokens, seen_size

Sizing = Literal["as_is", "fit", "small"]
"""``fit``: to the pixels that the model looks at anyway, which costs no quality.  ``small``: to ``SMALL_SIDE``."""

SMALL_SIDE = 512
"""Pixels of the longest side: one square of the tile rule, at most 256 patches of the other."""

DETAILS: tuple[Detail, ...] = get_args(Detail)


@dataclass(frozen=True, slots=True)
class Level:
    """A picture at one level of detail. ``tokens``: None where they cannot be told.  ``taken``: False where the model
    is known not to take this level.  ``too_large``: the API refuses a picture of so many patches."""

    detail: Detail
    tokens: int | None
    taken: bool = True
    too_large: bool = False


def levels(width: int, height: int, model: str) -> tuple[Level, ...]:
    """What a picture of so many pixels costs at each level, in the API's order of them."""
    profile = models.lookup(model)
    return tuple(
        Level(
            detail,
            image_tokens(width, height, model, detail),
            profile.takes_detail(detail),
            (image_patches(width, height, model, detail) or 0) > models.MAX_IMAGE_PATCHES,
        )
        for detail in DETAILS
    )


def target_size(
    width: int, height: int, sizing: Sizing, model: str, detail: Detail | None = None
) -> tuple[int, int] | None:
    """The pixels (width, height) to send a picture in; None where it stays as it is, since nothing would be gained or
    the model's rule is not known."""
    match sizing:
        case "as_is":
            return None
        case "fit":
            target = seen_size(width, height, model, detail or "auto")
        case "small":
            scale = SMALL_SIDE / max(width, height)
            target = max(1, round(width * scale)), max(1, round(height * scale))
    return target if target and target[0] * target[1] < width * height else None


def sized(picture: ImagePart, sizing: Sizing, model: str, detail: Detail | None = None) -> ImagePart:
    """The picture in the size to send. CPU work of up to some seconds: call it in a thread. Raises ImageError."""
    target = target_size(picture.width, picture.height, sizing, model, picture.detail or detail)
    return resized(picture, target) if target else picture
