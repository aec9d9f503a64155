"""Settings from the environment and ``.env``: what is unset, what wins, what is refused by name."""

import os
import urllib.request
from decimal import Decimal
from pathlib import Path

import pytest

from chat_core.settings import VOCABULARIES, Clocks, Settings, SettingsError, keep_loopback_direct
from chat_core.settings import use_bundled_vocabularies as use_vocabularies

KEY = "sk-test-1234567890abcdef"


def test_nothing_set() -> None:
    settings = Settings.from_env({})
    assert settings == Settings()
    assert (settings.api_key, settings.base_url, settings.model) == ("", "", "")
    assert settings.server_port is None
    assert not settings.public


ALL_NAMES = [
    "OPENAI_API_KEY",
    "OPENAI_BASE_URL",
    "OPENAI_MODEL",
    "OPENAI_ORG_ID",
    "OPENAI_PROJECT_ID",
    "OPENAI_CUSTOM_HEADERS",
    "VITRINE_PUBLIC",
    "SPACE_ID",
    "VITRINE_WON_PER_DOLLAR",
    "VITRINE_JOBS_DIR",
    "GRADIO_SERVER_NAME",
    "GRADIO_SERVER_PORT",
    "VITRINE_FIRST_TOKEN_SECONDS",
    "VITRINE_SILENCE_SECONDS",
    "VITRINE_ANSWER_SECONDS",
]


@pytest.mark.parametrize("empty", ["", " ", "\n"])
def test_empty_means_unset(empty: str) -> None:
    assert Settings.from_env(dict.fromkeys(ALL_NAMES, empty)) == Settings()


@pytest.mark.parametrize(
    ("env", "field", "value"),
    [
        ({"OPENAI_API_KEY": f" {KEY}\n"}, "api_key", KEY),
        ({"OPENAI_BASE_URL": "http://127.0.0.1:8000/v1 "}, "base_url", "http://127.0.0.1:8000/v1"),
        ({"OPENAI_MODEL": "gpt-4o"}, "model", "gpt-4o"),
        ({"OPENAI_ORG_ID": "org-1"}, "organization", "org-1"),
        ({"OPENAI_PROJECT_ID": "proj-1"}, "project", "proj-1"),
        ({"OPENAI_CUSTOM_HEADERS": "X-A: 1"}, "headers", (("X-A", "1"),)),
        (
            {"OPENAI_CUSTOM_HEADERS": "X-A: 1\n\n X-B :http://x:2 \nnonsense"},
            "headers",
            (("X-A", "1"), ("X-B", "http://x:2")),
        ),
        ({"VITRINE_PUBLIC": "1"}, "public", True),
        ({"VITRINE_PUBLIC": "True"}, "public", True),
        ({"VITRINE_PUBLIC": "on"}, "public", True),
        ({"VITRINE_PUBLIC": "0"}, "public", False),
        ({"VITRINE_PUBLIC": "no"}, "public", False),
        ({"SPACE_ID": "someone/vitrine"}, "public", True),
        ({"SPACE_ID": "someone/vitrine", "VITRINE_PUBLIC": "0"}, "public", True),
        ({"VITRINE_WON_PER_DOLLAR": "1350.5"}, "won_per_dollar", Decimal("1350.5")),
        ({"GRADIO_SERVER_NAME": "0.0.0.0"}, "server_name", "0.0.0.0"),
        ({"GRADIO_SERVER_PORT": "7861"}, "server_port", 7861),
        ({"GRADIO_SERVER_PORT": "65535"}, "server_port", 65535),
        ({"VITRINE_DEMO_PACE": "0"}, "demo_pace", 0.0),
        ({"VITRINE_DEMO_PACE": "12.5"}, "demo_pace", 12.5),
        ({"VITRINE_JOBS_DIR": "/srv/vitrine jobs"}, "jobs_dir", Path("/srv/vitrine jobs")),
        ({"VITRINE_JOBS_DIR": "~/jobs"}, "jobs_dir", Path.home() / "jobs"),
        ({"VITRINE_SILENCE_SECONDS": "5"}, "clocks", Clocks(silence=5)),
        ({"VITRINE_ANSWER_SECONDS": "0.5"}, "clocks", Clocks(whole_answer=0.5)),
        ({"VITRINE_FIRST_TOKEN_SECONDS": "9"}, "clocks", Clocks(first_token=9, patient_first_token=9)),
    ],
)
def test_each_variable(env: dict[str, str], field: str, value: object) -> None:
    settings = Settings.from_env(env)
    assert getattr(settings, field) == value
    assert [name for name in Settings.__slots__ if getattr(settings, name) != getattr(Settings(), name)] == (
        [field] if value != getattr(Settings(), field) else []
    )


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("VITRINE_PUBLIC", ["maybe", "2", "-1"]),
        ("GRADIO_SERVER_PORT", ["abc", "0", "65536", "-1", "80.5", "7860 7861"]),
        ("VITRINE_WON_PER_DOLLAR", ["much", "0", "-5", "nan", "inf", "1e9"]),
        ("VITRINE_DEMO_PACE", ["fast", "-1", "nan", "inf", "10001"]),
        ("VITRINE_FIRST_TOKEN_SECONDS", ["soon", "0", "-1", "nan", "inf", "86401"]),
        ("VITRINE_SILENCE_SECONDS", ["5s", "0"]),
        ("VITRINE_ANSWER_SECONDS", ["1,5", "1e99"]),
    ],
)
def test_bad_values_are_named(name: str, values: list[str]) -> None:
    for value in values:
        with pytest.raises(SettingsError) as caught:
            Settings.from_env({name: value})
        assert name in str(caught.value)
        assert value in str(caught.value)


def test_environment_wins_over_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / ".env"
    file.write_text('OPENAI_API_KEY="sk-file"\nOPENAI_MODEL=from-file\nOPENAI_BASE_URL=\n# note\n', encoding="utf-8")
    monkeypatch.setenv("OPENAI_MODEL", "from-environment")
    settings = Settings.load(file)
    assert (settings.api_key, settings.model, settings.base_url) == ("sk-file", "from-environment", "")


def test_an_empty_variable_leaves_the_file_in_force(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / ".env"
    file.write_text("OPENAI_MODEL=from-file\n", encoding="utf-8")
    monkeypatch.setenv("OPENAI_MODEL", "")
    assert Settings.load(file).model == "from-file"


def test_the_file_does_not_change_the_environment(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text(f"OPENAI_API_KEY={KEY}\n", encoding="utf-8")
    before = dict(os.environ)
    assert Settings.load(file).api_key == KEY
    assert dict(os.environ) == before


def test_no_file_is_no_fault(tmp_path: Path) -> None:
    assert Settings.load(tmp_path / "none") == Settings()


def test_secrets_are_not_shown() -> None:
    settings = Settings.from_env({"OPENAI_API_KEY": KEY, "OPENAI_CUSTOM_HEADERS": "X-Token: secret-token"})
    assert KEY[3:9] not in f"{settings!r} {settings}"
    assert "secret-token" not in f"{settings!r} {settings}"


# --- constants of the process ----------------------------------------------------------------------------------------

LOOPBACK = "localhost,127.0.0.1,::1"


@pytest.mark.parametrize(
    ("env", "after"),
    [
        ({}, {"NO_PROXY": LOOPBACK, "no_proxy": LOOPBACK}),
        ({"NO_PROXY": "", "no_proxy": " "}, {"NO_PROXY": LOOPBACK, "no_proxy": LOOPBACK}),
        ({"NO_PROXY": LOOPBACK, "no_proxy": LOOPBACK}, {"NO_PROXY": LOOPBACK, "no_proxy": LOOPBACK}),
        ({"NO_PROXY": "*", "no_proxy": "*"}, {"NO_PROXY": "*", "no_proxy": "*"}),
        (
            {"NO_PROXY": "corp.example, localhost", "no_proxy": "corp.example, localhost"},
            dict.fromkeys(("NO_PROXY", "no_proxy"), "corp.example,localhost,127.0.0.1,::1"),
        ),
        (
            {"HTTP_PROXY": "http://127.0.0.1:9", "OTHER": "x"},
            {"HTTP_PROXY": "http://127.0.0.1:9", "OTHER": "x", "NO_PROXY": LOOPBACK, "no_proxy": LOOPBACK},
        ),
    ],
)
def test_keep_loopback_direct(env: dict[str, str], after: dict[str, str]) -> None:
    keep_loopback_direct(env)
    assert env == after
    keep_loopback_direct(env)
    assert env == after


@pytest.mark.parametrize("name", ["NO_PROXY", "no_proxy"])
@pytest.mark.parametrize(("exempt", "others"), [("corp.example", False), ("*", True)])
def test_hosts_that_were_exempt_stay_so(name: str, exempt: str, others: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    # Where both spellings are set, Python reads the small one alone.
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "set so that it is put back")
    monkeypatch.setenv("no_proxy", "set so that it is put back")
    monkeypatch.delenv("NO_PROXY")
    monkeypatch.delenv("no_proxy")
    monkeypatch.setenv(name, exempt)
    keep_loopback_direct()
    bypassed = {
        host: bool(urllib.request.proxy_bypass(host))
        for host in ("127.0.0.1:7860", "localhost:7860", "corp.example", "other.example")
    }
    assert bypassed == {"127.0.0.1:7860": True, "localhost:7860": True, "corp.example": True, "other.example": others}


def test_bundled_vocabularies() -> None:
    env = {"TIKTOKEN_CACHE_DIR": "/elsewhere"}
    use_vocabularies(env)
    assert env == {"TIKTOKEN_CACHE_DIR": str(VOCABULARIES)}
    assert VOCABULARIES.is_dir()


def test_clocks_at_most() -> None:
    shorter = Clocks().at_most(12)
    assert (shorter.first_token, shorter.patient_first_token, shorter.silence) == (12, 12, 12)
    assert (shorter.whole_answer, shorter.retries) == (Clocks().whole_answer, Clocks().retries)
    assert Clocks(silence=5).at_most(12).silence == 5
