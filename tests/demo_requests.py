"""Requests to the demo model, for the tests that talk to it over HTTP."""

import base64
from typing import Any

import httpx2


def said(role: str, content: Any) -> dict[str, Any]:
    return {"role": role, "content": content}


def body(*contents: Any, **parameters: Any) -> dict[str, Any]:
    """A request whose messages are the user's and the assistant's by turns; at temperature 0 unless it says so."""
    roles = ("user", "assistant")
    messages = [said(roles[number % 2], content) for number, content in enumerate(contents)]
    return {"model": "demo", "messages": messages, "temperature": 0, **parameters}


async def post(http: httpx2.AsyncClient, *contents: Any, **parameters: Any) -> dict[str, Any]:
    """The completion object."""
    response = await http.post("/chat/completions", json=body(*contents, **parameters))
    assert response.status_code == 200, response.text
    return response.json()


async def ask(http: httpx2.AsyncClient, *contents: Any, **parameters: Any) -> str:
    """The text of the answer."""
    return (await post(http, *contents, **parameters))["choices"][0]["message"]["content"]


async def texts(http: httpx2.AsyncClient, *contents: Any, **parameters: Any) -> list[str]:
    """The texts of all ``n`` answers."""
    completion = await post(http, *contents, **parameters)
    return [choice["message"]["content"] for choice in completion["choices"]]


def picture_of(data: bytes) -> dict[str, Any]:
    """A content part with a picture."""
    return {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{base64.b64encode(data).decode()}"}}
