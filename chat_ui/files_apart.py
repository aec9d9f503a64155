"""Reading the visitors' files in threads of their own, so that big pictures make nobody's plain turn wait.

Everything else that takes time goes to asyncio's own few threads; there a handful of pictures would hold all of them.
"""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

from chat_core.image_economy import Sizing, sized
from chat_core.messages import Detail, ImagePart, Message, Part, TextFile
from chat_ui import gradio_messages
from chat_ui.gradio_messages import GradioMessage

_THREADS = ThreadPoolExecutor(max_workers=2, thread_name_prefix="files")


P = ParamSpec("P")
T = TypeVar("T")


async def apart(work: Callable[P, T], *args: P.args, **named: P.kwargs) -> T:
    """Any other work on a visitor's files, in the same threads."""
    return await asyncio.get_running_loop().run_in_executor(_THREADS, partial(work, *args, **named))


async def read_file(path: str, name: str) -> ImagePart | TextFile:
    """``gradio_messages.load_file``, apart. Raises ImageError or FileError."""
    return await asyncio.get_running_loop().run_in_executor(_THREADS, gradio_messages.load_file, path, name)


async def read_links(text: str, *, links: bool = True) -> list[Part]:
    """``gradio_messages.split_urls``, apart where there may be pictures written out in the text. Raises ImageError."""
    split = partial(gradio_messages.split_urls, text, links=links)
    if "data:image/" not in text.lower():
        return split()
    return await asyncio.get_running_loop().run_in_executor(_THREADS, split)


async def read_transcript(history: Sequence[GradioMessage], *, urls_as_pictures: bool = True) -> tuple[Message, ...]:
    """``gradio_messages.to_core``, apart where there are files to read. Raises ImageError and FileError."""
    convert = partial(gradio_messages.to_core, history, urls_as_pictures=urls_as_pictures)
    threads = _THREADS if gradio_messages.holds_files(history) else None
    return await asyncio.get_running_loop().run_in_executor(threads, convert)


async def size_picture(picture: ImagePart, sizing: Sizing, model: str, detail: Detail | None) -> ImagePart:
    """``image_economy.sized``, apart where there is something to do. Raises ImageError."""
    if sizing == "as_is":
        return picture
    return await asyncio.get_running_loop().run_in_executor(_THREADS, sized, picture, sizing, model, detail)
