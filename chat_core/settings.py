"""Settings, read once, at the door: the environment and ``.env`` become one frozen value that is passed on.

The only module of the core that touches ``os.environ``, and the only importer of python-dotenv.
"""

import os
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path

from dotenv import dotenv_values

ROOT = Path(__file__).resolve().parent.parent
ASSETS = ROOT / "assets"
VOCABULARIES = ASSETS / "tiktoken_cache"


class SettingsError(ValueError):
    """A variable whose value cannot be used; the message names it."""


@dataclass(frozen=True, slots=True)
class Clocks:
    """How long an answer may take, in seconds, and how often it is tried.

    The SDK's own time-out starts anew at every byte, so a server that only keeps the line alive never trips it.
    ``patient_first_token`` holds on loopback, where a model may have to be loaded, and for high reasoning effort.
    """

    first_token: float = 120.0
    patient_first_token: float = 300.0
    silence: float = 60.0
    whole_answer: float = 600.0
    retries: int = 2
    retry_pause: float = 0.5
    longest_wait: float = 20.0

    def at_most(self, seconds: float) -> "Clocks":
        """These clocks, none of which waits longer than that for a piece of an answer."""
        return replace(
            self,
            first_token=min(self.first_token, seconds),
            patient_first_token=min(self.patient_first_token, seconds),
            silence=min(self.silence, seconds),
        )


@dataclass(frozen=True, slots=True)
class Settings:
    """All that the environment decides. Empty means unset.

    ``public``: a public deployment, where strangers chat: no private addresses, no search for local servers.
    ``won_per_dollar``: for showing won beside dollars; a round figure, since no rate is fetched.  ``server_port``: a
    port that was asked for; None: Gradio's default, and the next one if that is busy.  ``demo_pace``: tokens a second
    of the demo model, 0: no waits; None: its own.  ``jobs_dir``: the app's own folder for the finished rows of batches;
    None: one in the system's folder for temporary files (``job_store``).
    """

    api_key: str = field(default="", repr=False)
    base_url: str = ""
    model: str = ""
    organization: str = ""
    project: str = ""
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    public: bool = False
    won_per_dollar: Decimal = Decimal(1400)
    server_name: str = ""
    server_port: int | None = None
    demo_pace: float | None = None
    jobs_dir: Path | None = None
    clocks: Clocks = Clocks()

    @classmethod
    def load(cls, env_file: Path = ROOT / ".env") -> "Settings":
        """From the environment, and from ``.env`` for what the environment leaves unset or empty."""
        written = {name: value for name, value in dotenv_values(env_file).items() if value}
        actual = {name: value for name, value in os.environ.items() if value}
        return cls.from_env(written | actual)

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> "Settings":
        """From a mapping of variables. Raises SettingsError."""

        def text(name: str) -> str:
            return env.get(name, "").strip()

        defaults = Clocks()
        return cls(
            api_key=text("OPENAI_API_KEY"),
            base_url=text("OPENAI_BASE_URL"),
            model=text("OPENAI_MODEL"),
            organization=text("OPENAI_ORG_ID"),
            project=text("OPENAI_PROJECT_ID"),
            headers=_headers(text("OPENAI_CUSTOM_HEADERS")),
            public=_flag(env, "VITRINE_PUBLIC") or bool(text("SPACE_ID")),
            won_per_dollar=Decimal(str(_positive(env, "VITRINE_WON_PER_DOLLAR", 1400.0, 100_000))),
            server_name=text("GRADIO_SERVER_NAME"),
            server_port=_port(env, "GRADIO_SERVER_PORT"),
            demo_pace=_pace(env, "VITRINE_DEMO_PACE"),
            jobs_dir=Path(text("VITRINE_JOBS_DIR")).expanduser() if text("VITRINE_JOBS_DIR") else None,
            clocks=Clocks(
                first_token=_seconds(env, "VITRINE_FIRST_TOKEN_SECONDS", defaults.first_token),
                patient_first_token=_seconds(env, "VITRINE_FIRST_TOKEN_SECONDS", defaults.patient_first_token),
                silence=_seconds(env, "VITRINE_SILENCE_SECONDS", defaults.silence),
                whole_answer=_seconds(env, "VITRINE_ANSWER_SECONDS", defaults.whole_answer),
            ),
        )


def keep_loopback_direct(env: MutableMapping[str, str] = os.environ) -> None:
    """Add this machine's loopback to ``NO_PROXY``, a constant of the process.

    Gradio asks its own server over HTTP whether it is up; with a proxy set and ``NO_PROXY`` unset that call goes to the
    proxy, and the start dies.
    """
    # Where both names are set, Python reads the small one alone.
    listed = env.get("no_proxy") or env.get("NO_PROXY") or ""
    hosts = [host.strip() for host in listed.split(",") if host.strip()]
    if "*" not in hosts:
        hosts += [host for host in ("localhost", "127.0.0.1", "::1") if host not in hosts]
    env["NO_PROXY"] = env["no_proxy"] = ",".join(hosts)


def use_bundled_vocabularies(env: MutableMapping[str, str] = os.environ) -> None:
    """Point tiktoken at the vocabularies in ``assets``, a constant of the process; it would download them otherwise."""
    env["TIKTOKEN_CACHE_DIR"] = str(VOCABULARIES)


def _flag(env: Mapping[str, str], name: str) -> bool:
    value = env.get(name, "").strip().lower()
    if value in ("", "0", "false", "no", "off"):
        return False
    if value in ("1", "true", "yes", "on"):
        return True
    raise SettingsError(f"{name} is {value!r}; it takes 1 or 0.")


def _port(env: Mapping[str, str], name: str) -> int | None:
    value = env.get(name, "").strip()
    if not value:
        return None
    if not value.isdecimal() or not 0 < int(value) < 65536:
        raise SettingsError(f"{name} is {value!r}; a port is a number from 1 to 65535.")
    return int(value)


def _pace(env: Mapping[str, str], name: str) -> float | None:
    value = env.get(name, "").strip()
    return 0.0 if value == "0" else _positive(env, name, 1.0, 10_000) if value else None


def _seconds(env: Mapping[str, str], name: str, default: float) -> float:
    return _positive(env, name, default, 86_400)


def _positive(env: Mapping[str, str], name: str, default: float, limit: float) -> float:
    value = env.get(name, "").strip()
    if not value:
        return default
    try:
        number = float(value)
    except ValueError:
        number = 0.0
    if not 0 < number <= limit:
        raise SettingsError(f"{name} is {value!r}; it takes a number above 0 and up to {limit:,.0f}.")
    return number


def _headers(lines: str) -> tuple[tuple[str, str], ...]:
    pairs = (line.split(":", 1) for line in lines.splitlines() if ":" in line)
    return tuple((name.strip(), value.strip()) for name, value in pairs)
