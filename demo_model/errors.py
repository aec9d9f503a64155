"""What the server says when a request is wrong: OpenAI's statuses, words and bodies.

The sentences are those that the OpenAI API answers with, so that a client that knows them understands them here too.
"""

from collections.abc import Mapping
from typing import Any


class ApiError(Exception):
    """A refused request. ``param`` and ``code`` are null on the wire when they are None, as the API has it.

    ``headers``: of the response, in addition to the usual ones.
    """

    def __init__(
        self,
        message: str,
        *,
        param: str | None = None,
        code: str | None = None,
        status: int = 400,
        kind: str = "invalid_request_error",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.param = param
        self.code = code
        self.status = status
        self.kind = kind
        self.headers = headers

    @property
    def body(self) -> dict[str, Any]:
        """The response body."""
        message = self.message.encode("utf-8", "replace").decode("utf-8")  # a request may hold half letters
        return {"error": {"message": message, "type": self.kind, "param": self.param, "code": self.code}}


_JSON_NAMES = {
    bool: "a boolean",
    int: "an integer",
    float: "a decimal",
    str: "a string",
    list: "an array",
    dict: "an object",
    type(None): "null",
}


def wrong_type(param: str, expected: str, value: object) -> ApiError:
    """A value of another JSON type than ``expected`` ("a decimal", "an array of strings" ...)."""
    got = _JSON_NAMES[type(value)]
    instead = got if value is None else f"{got} instead"
    return ApiError(
        f"Invalid type for '{param}': expected {expected}, but got {instead}.", param=param, code="invalid_type"
    )


def wrong_value(param: str, value: object, supported: tuple[str, ...]) -> ApiError:
    """A word that is none of the supported ones."""
    names = [f"'{name}'" for name in supported]
    listed = names[0] if len(names) == 1 else f"{', '.join(names[:-1])}{',' if len(names) > 2 else ''} and {names[-1]}"
    shown = str(value)[:100]
    return ApiError(f"Invalid value: '{shown}'. Supported values are: {listed}.", param=param, code="invalid_value")


def missing(param: str) -> ApiError:
    """A required parameter that is not there."""
    return ApiError(f"Missing required parameter: '{param}'.", param=param, code="missing_required_parameter")


def out_of_range(param: str, value: float, bound: float, *, above: bool, whole: bool) -> ApiError:
    """A number outside its range."""
    noun = "integer" if whole else "decimal"
    where, sign = ("above maximum", "<=") if above else ("below minimum", ">=")
    return ApiError(
        f"Invalid '{param}': {noun} {where} value. Expected a value {sign} {bound}, but got {value} instead.",
        param=param,
        code=f"{noun}_{'above_max' if above else 'below_min'}_value",
    )


def unsupported_parameter(param: str, *, instead: str = "") -> ApiError:
    """A parameter that the API has and this model has not. ``instead``: the one to use."""
    hint = f" Use '{instead}' instead." if instead else ""
    return ApiError(
        f"Unsupported parameter: '{param}' is not supported with this model.{hint}",
        param=param,
        code="unsupported_parameter",
    )


def unsupported_value(param: str, value: object, supported: str) -> ApiError:
    """A value that the API has and this model has not. ``supported``: the end of the sentence, a sentence itself."""
    shown = repr(value) if isinstance(value, str) else value
    return ApiError(
        f"Unsupported value: '{param}' does not support {shown} with this model. {supported}",
        param=param,
        code="unsupported_value",
    )


def text_only(place: int, part: int) -> ApiError:
    """A picture for a model that takes none; the API sends no code with it."""
    return ApiError(
        "Invalid content type. image_url is only supported by certain models.",
        param=f"messages.[{place}].content.[{part}].type",
    )


def unsupported_image(param: str) -> ApiError:
    """Bytes that are no picture of a supported format."""
    return ApiError(
        "You uploaded an unsupported image. Please make sure your image is valid and has one of the following formats: "
        "['png', 'jpeg', 'gif', 'webp'].",
        param=param,
        code="invalid_image_format",
    )


def unknown_model(model: str) -> ApiError:
    """404: no such model here."""
    return ApiError(
        f"The model `{model[:100]}` does not exist or you do not have access to it.",
        code="model_not_found",
        status=404,
    )
