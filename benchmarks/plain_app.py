"""The app that Vitrine is measured against: ``gr.ChatInterface`` as Gradio's guide shows it, with default settings.

``python -m benchmarks.plain_app MESSAGES``: the transcript begins with this many earlier messages.
"""

import sys
from collections.abc import Iterator
from typing import Any

import gradio as gr
from openai import OpenAI

from benchmarks.script import MODEL, conversation

client = OpenAI()


def predict(message: str, history: list[dict[str, Any]]) -> Iterator[str]:
    history.append({"role": "user", "content": message})
    messages: Any = history  # Gradio's dicts are not of the SDK's types, but close enough for a lenient server.
    stream: Any = client.chat.completions.create(model=MODEL, messages=messages, stream=True)
    partial = ""
    for chunk in stream:
        if chunk.choices[0].delta.content is not None:
            partial += chunk.choices[0].delta.content
            yield partial


if __name__ == "__main__":
    earlier: Any = conversation(int(sys.argv[1]))
    gr.ChatInterface(predict, chatbot=gr.Chatbot(value=earlier) if earlier else None).launch()
