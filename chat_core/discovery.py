"""What can be reached: the models of a connection, joined with the catalogue, and model servers on this machine."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from chat_core import connections, models, pricing, provider
from chat_core.connections import Connection
from chat_core.errors import ChatError
from chat_core.models import Profile
from chat_core.pricing import ModelPrice

# Default ports: Ollama, LM Studio, llama.cpp, vLLM.
LOCAL_PORTS = (11434, 1234, 8080, 8000)


@dataclass(frozen=True, slots=True)
class ListedModel:
    """A model that a server offers, with what is known of it.

    ``shutdown``: the server's own date first, then the catalogue's.  ``price``: None where unknown.
    """

    id: str
    profile: Profile
    price: ModelPrice | None
    shutdown: date | None


def describe_model(connection: Connection, model: str, shutdown: object = None) -> ListedModel:
    """What is known of one model at this connection. ``shutdown``: the server's ``shutdown_date``, an ISO date, if
    it sent one."""
    profile = models.lookup(model)
    own_date = _date(shutdown)
    price = None if connection.free else pricing.model_price(model, connection.base_url)
    return ListedModel(model, profile, price, own_date or profile.shutdown)


async def list_models(connection: Connection) -> tuple[ListedModel, ...]:
    """The server's models, in its order. Raises ChatError where it has no ``/models``."""
    entries = await provider.fetch_models(connection)
    return tuple(describe_model(connection, entry["id"], entry.get("shutdown_date")) for entry in entries)


async def first_model(connection: Connection) -> str:
    """The model to begin with: the connection's own, else the first that the server lists. Raises ChatError."""
    if connection.model:
        return connection.model
    entries = await provider.fetch_models(connection)
    return entries[0]["id"] if entries else ""


async def find_local(ports: Sequence[int] = LOCAL_PORTS) -> tuple[Connection, ...]:
    """Model servers on this machine that answer ``/models`` with at least one model, each with its first model
    chosen."""
    candidates = [connections.local(f"http://127.0.0.1:{port}/v1") for port in ports]
    found = await asyncio.gather(*(_answers(candidate) for candidate in candidates))
    return tuple(connection for connection in found if connection is not None)


async def _answers(connection: Connection) -> Connection | None:
    try:
        entries = await provider.fetch_models(connection, seconds=1.5)
    except ChatError:
        return None
    return replace(connection, model=entries[0]["id"]) if entries else None


def _date(value: object) -> date | None:
    try:
        return date.fromisoformat(str(value)[:10])
    except ValueError:
        return None
