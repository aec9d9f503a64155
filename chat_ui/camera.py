"""Taking a picture with the camera, for people whose device has one: it goes into the box like any other file."""

from typing import Any

import gradio as gr

from chat_ui import gradio_messages
from chat_ui.localize import Localizer

QUIET: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden", "show_progress_on": [], "queue": False}


def build(words: Localizer, box: gr.MultimodalTextbox) -> gr.Button:
    """Draw the camera into the current block, closed; gives the button that opens it, to be placed by the caller."""
    with gr.Column(visible=False, elem_id="camera") as frame:
        # Mirrored is what a mirror shows; a picture to be read by a model must not be.
        camera = words.add(
            gr.Image(
                sources=["webcam"],
                type="filepath",
                webcam_options=gr.WebcamOptions(mirror=False),
                elem_id="camera-picture",
                height=300,
                buttons=[],
            ),
            label="camera.label",
        )
        close = words.add(gr.Button(size="sm", elem_id="camera-close"), value="camera.close")
    opening = words.add(gr.Button(size="sm", elem_id="camera-open", render=False), value="camera.open")
    opening.click(lambda: gr.update(visible=True), None, frame, **QUIET)
    close.click(lambda: (gr.update(visible=False), None), None, [frame, camera], **QUIET)
    camera.change(take, [camera, box], [frame, camera, box], **QUIET)
    return opening


def take(path: str | None, written: object) -> tuple[Any, Any, Any]:
    """A picture was taken: attach it, and close the camera."""
    if not path:
        return gr.skip(), gr.skip(), gr.skip()
    taken = gradio_messages.Draft("", ((path, ""),))
    value = gradio_messages.joined(gradio_messages.draft(written), taken).value
    return gr.update(visible=False), None, gr.update(value=value)
