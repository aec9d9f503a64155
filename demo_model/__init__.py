"""Vitrine's demo model: an OpenAI-compatible Chat Completions server that needs no model, no key and no network.

Its answers come from rules, measurements and ready phrases, and it says so. It knows nothing of the app around it.
"""

from demo_model.running import RunningServer, serve

__all__ = ["RunningServer", "serve"]
