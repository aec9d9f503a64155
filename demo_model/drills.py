"""The failure drill: what the drill models do instead of answering as they should, each as real servers do it."""

from demo_model.errors import ApiError
from demo_model.family import Drill

LENGTH = 40
"""Tokens after which the drill of the length limit ends an answer; a short one, before its last token."""

FILTERED_AFTER = 20
"""Tokens after which the drill of the content filter ends an answer."""

WAIT = 2
"""Seconds that the drill of the rate limit asks to wait."""


def refuse(drill: Drill) -> None:
    """Raise the ApiError of a drill that refuses before it answers; the others return."""
    match drill:
        case "wrong-key":
            raise ApiError(
                "Incorrect API key provided: sk-drill*****key. You can find your API key at "
                "https://platform.openai.com/account/api-keys.",
                code="invalid_api_key",
                status=401,
            )
        case "quota":
            raise ApiError(
                "You exceeded your current quota, please check your plan and billing details.",
                code="insufficient_quota",
                status=429,
                kind="insufficient_quota",
            )
        case "rate-limit":
            raise ApiError(
                f"Rate limit reached for requests. Limit 3 / min. Please try again in {WAIT}s.",
                code="rate_limit_exceeded",
                status=429,
                kind="requests",
                headers={"retry-after": str(WAIT)},
            )
        case "server-error":
            raise ApiError(
                "The server had an error while processing your request. Sorry about that!",
                status=500,
                kind="server_error",
            )
