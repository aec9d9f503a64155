"""The failure drills of the demo model: models of its server that answer as real servers fail. Pure."""

from chat_core.connections import DRILL_PREFIX, Connection
from chat_ui.texts import Language, t

# In the order of the list: refused, failed, broken off, ended otherwise.
DRILLS = (
    "drill-wrong-key",
    "drill-quota",
    "drill-rate-limit",
    "drill-server-error",
    "drill-silence",
    "drill-cut",
    "drill-length",
    "drill-content-filter",
    "drill-refusal",
    "drill-blanks",
)
# The one that shows something in JSON mode only.
BLANKS = "drill-blanks"


def is_drill(connection: Connection, model: str) -> bool:
    """Whether a model of this connection is a failure drill."""
    return connection.kind == "demo" and model.startswith(DRILL_PREFIX)


def has_way_back(connection: Connection, model: str) -> bool:
    """Whether the first of the demo family can take over from this model."""
    return connection.kind == "demo" and model != connection.model


def words(language: Language, drill: str) -> str:
    """What a real server does in this case, on one line; the id itself for a drill that has no words."""
    return t(language, f"drill.{_key(drill)}") if drill in DRILLS else drill


def choices() -> list[tuple[str, str]]:
    """(key of its words, model id) for each drill."""
    return [(f"drill.{_key(drill)}", drill) for drill in DRILLS]


def _key(drill: str) -> str:
    return drill.removeprefix(DRILL_PREFIX).replace("-", "_")
