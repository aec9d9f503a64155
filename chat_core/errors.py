"""What can go wrong, as one tree.

    ChatError
    ├── InputError            what was given cannot be sent: nothing left this machine
    │   ├── ConnectionInputError   a key or a base URL that cannot work
    │   ├── ImageError             bytes that are no picture we can send
    │   ├── FileError              a file that is no text, or too large
    │   ├── FetchError             a URL that is not fetched, or gave no picture
    │   ├── JobError               finished rows that are not there, or cannot be kept on disk
    │   └── BatchFileError         requests that make no batch file, or a file that cannot be read back
    ├── RequestRefused        the server understood and said no
    │   ├── KeyMissing, KeyRefused, AccessDenied, QuotaExceeded, RateLimited
    │   ├── ModelNotFound, EndpointNotFound, ContextTooLong, ImageRefused (ImageNotFetched)
    │   ├── BatchesNotFound, BatchNotFound
    │   └── ParameterRefused, BadRequest
    ├── ServerUnavailable     there was no answer: Unreachable, ServerFailed, TimedOut
    │   └── NotRun                 a batch ended before it: BatchExpired, BatchCancelled, BatchMissing
    └── AnswerBroken          there was one, but no good one: StreamCut, NotChatCompletions, EmptyAnswer, BlanksOnly

Only ``provider`` translates the SDK's exceptions into these. The message is an English sentence that is fit for a
terminal or a log; front ends that speak more languages choose their own words by ``kind`` and fill in ``fields``.
Nothing in an error ever holds a key, a prompt or a picture.
"""

from typing import ClassVar


class ChatError(Exception):
    """A failure with a kind to choose words by, and the values those words need.

    ``kind``: a stable identifier in snake case.  ``fields``: plain values to put into a sentence.
    ``status``: the HTTP status, if there was one.  ``request_id``: the server's name for the request, to quote to its
    support.  ``server_words``: what the server itself said, one line, at most 300 characters, free of keys.
    ``usage``: the API's own usage object, where the server had sent one before the failure.
    ``charge``: where one call makes several requests, what those before the failure cost (``extraction.Charge``).
    """

    kind: ClassVar[str] = "error"

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        request_id: str | None = None,
        server_words: str = "",
        **fields: str | int | float,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.request_id = request_id
        self.server_words = server_words
        self.fields = fields
        self.usage: object | None = None
        self.charge: object | None = None


class InputError(ChatError):
    """Something that was given cannot be sent; nothing has left this machine."""

    kind = "bad_input"


class ConnectionInputError(InputError):
    """A key or a base URL that cannot work. Fields: reason."""

    kind = "bad_connection"


class ImageError(InputError):
    """Bytes that are no picture we can send. Fields: name, reason (a snake-case word)."""

    kind = "bad_image"


class FileError(InputError):
    """A file that is not a text, or too large. Fields: name, reason (a snake-case word)."""

    kind = "bad_file"


class FetchError(InputError):
    """A URL that is not fetched, or that gave no picture. Fields: host, reason (a snake-case word)."""

    kind = "bad_url"


class JobError(InputError):
    """Finished rows that are not on this disk, or cannot be kept on it. Fields: reason (a snake-case word)."""

    kind = "bad_job"


class BatchFileError(InputError):
    """Requests that make no batch file, or a file that cannot be written or read. Fields: reason (a snake-case
    word)."""

    kind = "bad_batch_file"


class RequestRefused(ChatError):
    """The server understood the request and said no."""

    kind = "refused"


class KeyMissing(RequestRefused):
    """401, and no key was sent."""

    kind = "key_missing"


class KeyRefused(RequestRefused):
    """401: the key is wrong, expired or of another server."""

    kind = "key_refused"


class AccessDenied(RequestRefused):
    """403: the key is known, but not allowed to do this."""

    kind = "access_denied"


class QuotaExceeded(RequestRefused):
    """429 ``insufficient_quota``, or 402: a billing stop, which waiting does not end."""

    kind = "quota_exceeded"


class RateLimited(RequestRefused):
    """429: too many requests or tokens a minute. Fields: seconds (what the server asks to wait; 0 if it said
    nothing)."""

    kind = "rate_limited"


class ModelNotFound(RequestRefused):
    """404: no such model here, or not any more. Fields: model."""

    kind = "model_not_found"


class EndpointNotFound(RequestRefused):
    """404 for the path: the base URL is not that of a Chat Completions server."""

    kind = "endpoint_not_found"


class BatchesNotFound(RequestRefused):
    """The server has no Batch API: nothing at ``/files`` or ``/batches``. Fields: host."""

    kind = "no_batches"


class BatchNotFound(RequestRefused):
    """404: the server does not know this batch or its file (any more), or not with this key. Fields: host."""

    kind = "batch_not_found"


class ContextTooLong(RequestRefused):
    """The messages do not fit into the model's context window."""

    kind = "context_too_long"


class ImageRefused(RequestRefused):
    """The model takes no pictures, or not this one."""

    kind = "image_refused"


class ImageNotFetched(ImageRefused):
    """The server could not fetch a picture by its URL."""

    kind = "image_not_fetched"


class ParameterRefused(RequestRefused):
    """The model does not take a parameter, or not this value. Fields: parameter."""

    kind = "parameter_refused"


class BadRequest(RequestRefused):
    """Any other 4xx."""

    kind = "bad_request"


class ServerUnavailable(ChatError):
    """No answer came."""

    kind = "unavailable"


class Unreachable(ServerUnavailable):
    """No connection could be made. Fields: host."""

    kind = "unreachable"


class ServerFailed(ServerUnavailable):
    """5xx, 408 or 409, or an error event inside a stream."""

    kind = "server_failed"


class TimedOut(ServerUnavailable):
    """One of our own clocks ran out. Fields: clock (first_token, silence, whole_answer, models or batches), seconds."""

    kind = "timed_out"


class NotRun(ServerUnavailable):
    """A request of a batch that was never answered, and is not paid for."""

    kind = "not_run"


class BatchExpired(NotRun):
    """The time of the batch was over before its turn came (``batch_expired``)."""

    kind = "batch_expired"


class BatchCancelled(NotRun):
    """The batch was cancelled before its turn came (``batch_cancelled``)."""

    kind = "batch_cancelled"


class BatchMissing(NotRun):
    """No line that can be read tells of it, in none of the files."""

    kind = "batch_missing"


class AnswerBroken(ChatError):
    """An answer came, but not a good one."""

    kind = "broken"


class StreamCut(AnswerBroken):
    """The connection ended in the middle of the answer; the text up to there is real."""

    kind = "stream_cut"


class NotChatCompletions(AnswerBroken):
    """200, but the body is not that of a Chat Completions server (an HTML page, another JSON)."""

    kind = "not_chat_completions"


class EmptyAnswer(AnswerBroken):
    """200 and well formed, with nothing in it."""

    kind = "empty_answer"


class BlanksOnly(AnswerBroken):
    """A JSON answer that had turned into blanks without end, and was ended here. Fields: count (of them)."""

    kind = "blanks_only"
