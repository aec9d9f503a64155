"""The front door of the web app and of the Space: settings -> connection -> build_app -> launch.

    python app.py

Importing it needs no key and no network; only running it opens anything.
"""

import gc
import os
import signal
import sys
from types import FrameType
from typing import Any

# Empty means unset, also where Gradio reads the environment itself while it is imported.
for name in [name for name, value in os.environ.items() if name.startswith("GRADIO_") and not value]:
    del os.environ[name]
# Read by Gradio when it is imported: it would report each start to its makers.
os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
# After so many events Gradio sums up all of them for a page that is switched off here.
os.environ.setdefault("GRADIO_ANALYTICS_CACHE_FREQUENCY", "1000000000")

import demo_model
from chat_core import connections
from chat_core.errors import ChatError
from chat_core.settings import Settings, SettingsError, keep_loopback_direct
from chat_ui.layout import build_app

_END_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def main() -> int:
    """Run the app until it is told to stop; returns the exit code."""
    keep_loopback_direct()
    try:
        settings = Settings.load()
        connection = connections.from_settings(settings)
    except (SettingsError, ChatError) as error:
        print(f"Vitrine cannot start: {error}", file=sys.stderr)
        return 1
    for number in _END_SIGNALS:
        signal.signal(number, _interrupt)
    server = None
    if connection is None:
        pace = demo_model.DEFAULT_PACE if settings.demo_pace is None else settings.demo_pace
        server = demo_model.serve(pace=pace)
        connection = connections.demo(server.url)
    app = build_app(settings, connection)
    # Gradio takes None for "not given": a Space sets its own address by the environment.
    place: dict[str, Any] = {"server_name": settings.server_name or None, "server_port": settings.server_port}
    try:
        app.page.launch(prevent_thread_lock=True, quiet=True, **app.launch_options, **place)
    except OSError as error:
        reason = f"port {settings.server_port} is busy. Choose another." if settings.server_port else str(error)
        print(f"Vitrine cannot start: {reason}", file=sys.stderr)
        return 1
    # What was loaded until here stays; the collector need not walk it again at every turn.
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
    try:
        print(
            f"Vitrine is at {app.page.local_url}  ({connection.kind}: {connection.host}). Ctrl-C ends it.", flush=True
        )
        app.page.block_thread()
    except KeyboardInterrupt:
        # It came before Gradio listened for it.
        app.page.close(verbose=False)
    finally:
        if server is not None:
            server.stop()
    return 0


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    """SIGTERM ends like Ctrl-C: streams are closed, then the demo model. Asked a second time it waits for neither."""
    for number in _END_SIGNALS:
        signal.signal(number, signal.SIG_DFL)
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
