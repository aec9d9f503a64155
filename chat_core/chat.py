"""One request from start to end. The one way to call a model: every tab, the terminal, the endpoints and scripts
come through here.

async for event in stream_chat(connection, request):
    match event:
        case TextDelta(text): print(text, end="")
        case Finished(usage=usage, cost=cost): ...
"""

import asyncio
import re
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace
from decimal import Decimal
from typing import Any, TypeGuard
from urllib.parse import urlsplit

from chat_core import pricing, provider, tokens, wire
from chat_core.connections import Connection
from chat_core.errors import BlanksOnly, ChatError, EmptyAnswer, ImageNotFetched, ParameterRefused, StreamCut, TimedOut
from chat_core.events import (
    Adjustment,
    Completion,
    Event,
    Finished,
    ReasoningDelta,
    RefusalDelta,
    Started,
    TextDelta,
    Usage,
)
from chat_core.fetch import Fetcher
from chat_core.messages import Part, RemoteImage
from chat_core.request import ChatRequest
from chat_core.settings import Clocks
from chat_core.wire import Outgoing

# Beyond any answer: what a server may claim to have counted.
MOST_TOKENS = 10**9
# The demo model runs in this process and answers at once; only its drill of silence takes longer.
DEMO_SECONDS = 12.0
# JSON mode without an instruction may give blanks up to the token limit (guide "Structured outputs", JSON mode). No
# indentation is as wide as this.
MOST_BLANKS = 200
# Pictures that are fetched here for one request: a text may hold thousands of links, each to seconds and megabytes.
MOST_FETCHED = 20
_OUT_OF_RANGE = re.compile(r"too (?:large|high)|at most|maximum|exceed|less than", re.IGNORECASE)


async def stream_chat(
    connection: Connection, request: ChatRequest, *, clocks: Clocks | None = None, fetcher: Fetcher | None = None
) -> AsyncGenerator[Event, None]:
    """One answer as events: ``Started``, deltas, ``Finished``; ``Retrying`` while a failed attempt is tried again.

    If the server refuses a parameter by name, the request goes out once more without it; if it could not fetch a
    picture by its URL, once more with the picture, fetched here by ``fetcher``. ``Started`` comes again then, with the
    adjustment. A JSON answer that turns into blanks without end is ended here (BlanksOnly). Raises ChatError. Close the
    iterator (``contextlib.aclosing``) to end the answer at the server.
    """
    clocks = clocks or Clocks()
    if connection.kind == "demo":
        clocks = clocks.at_most(DEMO_SECONDS)
    outgoing = wire.build(request)
    adapted = False
    patient = request.options.reasoning_effort in ("high", "xhigh", "max")
    written: list[str] = []
    blanks: Counter[int] = Counter()
    while True:
        yield Started(outgoing.body, outgoing.adjustments)
        try:
            async with aclosing(provider.stream(connection, outgoing.body, clocks, patient=patient)) as events:
                async for event in events:
                    if isinstance(event, provider.Answer):
                        yield await _finished(connection, request, event, "".join(written))
                        return
                    if isinstance(event, TextDelta | ReasoningDelta | RefusalDelta):
                        written.append(event.text)
                    yield event
                    if isinstance(event, TextDelta) and request.response_format is not None:
                        _count_blanks(blanks, event)
        except (ParameterRefused, ImageNotFetched) as error:
            if adapted:
                raise
            request, outgoing = await _adapted(request, outgoing, error, fetcher or Fetcher())
            adapted = True


async def complete(connection: Connection, request: ChatRequest, *, clocks: Clocks | None = None) -> Completion:
    """The whole answer: text, finish reason, usage and cost, and ``response`` as the API has it. Raises ChatError."""
    completion = Completion()
    async with aclosing(stream_chat(connection, request, clocks=clocks)) as events:
        async for event in events:
            completion = completion.add(event)
    return completion


async def estimated_usage(request: ChatRequest, written: str) -> Usage:
    """Tokens of an answer whose usage never came: a stopped or cut stream, or a server that sends none."""
    estimate = await asyncio.to_thread(tokens.estimate, request.sent.messages, request.model, request.persona)
    output = await asyncio.to_thread(tokens.count_tokens, written, request.model)
    return Usage(estimate.input_tokens, output, image_tokens=estimate.image_tokens or None, estimated=True)


async def usage_of_failure(request: ChatRequest, error: ChatError, written: str) -> Usage | None:
    """What an answer that has failed used: as the server counted it, else estimated from what was written. None: the
    server had not begun to answer, and nobody is charged.

    A server that was asked and fell silent has read the prompt, whoever gave up first.
    """
    if reported := reported_usage(error.usage):
        return reported
    if written or isinstance(error, EmptyAnswer | StreamCut | TimedOut):
        return await estimated_usage(request, written)
    return None


def cost_of(connection: Connection, model: str, usage: Usage, service_tier: str | None = None) -> Decimal | None:
    """US dollars that this usage costs here: 0 on this machine, None where the price is unknown."""
    if connection.free:
        return Decimal(0)
    price = pricing.price_usage(usage, model, connection.base_url, service_tier)
    return price.total if price else None


async def _adapted(
    request: ChatRequest, outgoing: Outgoing, error: ParameterRefused | ImageNotFetched, fetcher: Fetcher
) -> tuple[ChatRequest, Outgoing]:
    """What to send after a refusal. Raises the refusal itself where nothing would help, FetchError and ImageError."""
    if isinstance(error, ParameterRefused):
        parameter = str(error.fields["parameter"])
        # A limit beyond the model's is the asker's to lower; under the older name it is beyond it as well.
        beyond = parameter == "max_completion_tokens" and _OUT_OF_RANGE.search(error.server_words)
        smaller = None if beyond else wire.without(outgoing, parameter)
        if smaller is None:
            raise error
        return request, smaller
    urls = [picture.url for message in request.sent.messages for picture in message.images if _is_remote(picture)]
    if not urls or len(urls) > MOST_FETCHED:
        raise error
    request = await _with_pictures(request, fetcher)
    hosts = dict.fromkeys(urlsplit(url).hostname or "" for url in urls)
    outgoing = wire.build(request)
    told = Adjustment("image_url", "picture_fetched_here", ", ".join(hosts))
    return request, replace(outgoing, adjustments=(*outgoing.adjustments, told))


async def _with_pictures(request: ChatRequest, fetcher: Fetcher) -> ChatRequest:
    """The request with each picture that goes out as a URL fetched; what the policy leaves out is not."""

    async def fetched(part: Part) -> Part:
        return await fetcher.fetch_image(part.url, detail=part.detail) if _is_remote(part) else part

    messages = [
        replace(message, parts=tuple([await fetched(part) for part in message.parts])) if sent.images else message
        for message, sent in zip(request.messages, request.sent.messages, strict=True)
    ]
    return replace(request, messages=tuple(messages))


def _is_remote(part: Part) -> TypeGuard[RemoteImage]:
    return isinstance(part, RemoteImage)


def _count_blanks(blanks: Counter[int], delta: TextDelta) -> None:
    """Add to the blanks in a row of each choice. Raises BlanksOnly."""
    kept = delta.text.rstrip()
    blanks[delta.index] = len(delta.text) - len(kept) + (0 if kept else blanks[delta.index])
    if (count := blanks[delta.index]) >= MOST_BLANKS:
        raise BlanksOnly(f"The model wrote {count} blanks in a row where JSON was asked for.", count=count)


async def _finished(connection: Connection, request: ChatRequest, answer: provider.Answer, written: str) -> Finished:
    usage = reported_usage(answer.reply.usage)
    if usage is None or (written and not usage.output_tokens):
        # Servers send the counts that they do not have as null or 0.
        usage = await estimated_usage(request, written)
    # The price goes by the model that was asked for: servers answer with dated names of it.
    cost = cost_of(connection, request.model, usage, answer.reply.response.get("service_tier"))
    return Finished(answer.reply.finish_reason, usage, cost, answer.timing, answer.reply.response)


def reported_usage(reported: object) -> Usage | None:
    """The API's usage object as a value; any detail may be null or missing. None where there are no totals."""
    if not isinstance(reported, dict) or not isinstance(reported.get("prompt_tokens"), int):
        return None
    prompt, completion = _details(reported, "prompt_tokens"), _details(reported, "completion_tokens")
    usage = Usage(
        input_tokens=_count(reported["prompt_tokens"]),
        output_tokens=_count(reported.get("completion_tokens")),
        cached_tokens=_count(prompt.get("cached_tokens")),
        cache_write_tokens=_count(prompt.get("cache_write_tokens")),
        reasoning_tokens=_count(completion.get("reasoning_tokens")),
    )
    images = prompt.get("image_tokens")
    return replace(usage, image_tokens=_count(images)) if isinstance(images, int) else usage


def _details(reported: dict[str, Any], name: str) -> dict[str, Any]:
    details = reported.get(f"{name}_details")
    return details if isinstance(details, dict) else {}


def _count(value: object) -> int:
    return value if isinstance(value, int) and 0 < value <= MOST_TOKENS else 0
