"""Vitrine's demo model: an OpenAI-compatible Chat Completions server that needs no model, no key and no network.

Its answers come from rules and measurements, worded by phrase grammars and drawn token by token, and it says so. It
knows nothing of the app around it.
"""

from demo_model.running import DEFAULT_PACE, RunningServer, serve

__all__ = ["DEFAULT_PACE", "RunningServer", "serve"]
