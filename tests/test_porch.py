"""The files around the code: that they agree with each other, and that they give nothing away."""

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.metadata import packages_distributions, version
from pathlib import Path

import pytest
from dotenv import dotenv_values
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from chat_core.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
OWN_PACKAGES = ("chat_core", "chat_ui", "demo_model")
# What git leaves out, and the vocabularies, which are no text.
CACHES = {".mypy_cache", ".pytest_cache", ".ruff_cache", ".gradio", "__pycache__"}
SKIPPED_FOLDERS = {".git", ".venv", "tiktoken_cache"} | CACHES
TEXT_SUFFIXES = {"", ".py", ".toml", ".txt", ".md", ".sh", ".css", ".js", ".json", ".example", ".yml", ".yaml", ".html"}


def requirements(name: str) -> dict[str, Requirement]:
    lines = (line.strip() for line in (ROOT / name).read_text("utf-8").splitlines())
    parsed = [Requirement(line) for line in lines if line and not line.startswith("#")]
    return {canonicalize_name(requirement.name): requirement for requirement in parsed}


RUN_TIME = requirements("requirements.txt")
DEVELOPMENT = requirements("requirements-dev.txt")
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


def own_files() -> Iterator[Path]:
    for top in ROOT.iterdir():
        # .env is the developer's own, and is never committed.
        if top.name not in SKIPPED_FOLDERS | {".env"}:
            inside = (path for path in top.rglob("*") if not SKIPPED_FOLDERS & set(path.relative_to(ROOT).parts))
            yield from (path for path in (top, *inside) if path.is_file() and path.suffix in TEXT_SUFFIXES)


@cache
def texts() -> dict[Path, str]:
    return {path.relative_to(ROOT): path.read_text("utf-8") for path in own_files()}


def front_matter() -> dict[str, str]:
    """The Space's settings at the head of README: flat ``key: value`` lines, values with their quotes taken off."""
    head = re.match(r"---\n(.*?)\n---\n", (ROOT / "README.md").read_text("utf-8"), re.DOTALL)
    assert head, "README.md does not begin with front matter"
    lines = re.findall(r"^(\w+):[ \t]*(.*?)[ \t]*$", head[1], re.MULTILINE)
    return {key: value.strip("\"'") for key, value in lines}


# --- requirements ---


@pytest.mark.parametrize("requirement", [*RUN_TIME.values(), *DEVELOPMENT.values()], ids=str)
def test_every_requirement_is_pinned_to_what_is_installed(requirement: Requirement):
    assert requirement.specifier, "no version"
    assert all(part.operator in ("==", "~=") for part in requirement.specifier)
    assert requirement.url is None
    assert version(requirement.name) in requirement.specifier


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_every_requirement_says_why(name: str):
    lines = (ROOT / name).read_text("utf-8").splitlines()
    unexplained = [
        line for before, line in zip(["", *lines], lines, strict=False) if line[:1].isalpha() and not before.strip()
    ]
    # pytest and ruff's neighbours explain themselves in the first line of the file.
    assert [line for line in unexplained if not line.startswith("pytest~=")] == []


def test_no_requirement_is_listed_twice():
    assert not RUN_TIME.keys() & DEVELOPMENT.keys()


def test_what_the_code_imports_is_listed():
    files = [path for package in OWN_PACKAGES for path in (ROOT / package).rglob("*.py")] + list(ROOT.glob("app.py"))
    nodes = [node for path in files for node in ast.walk(ast.parse(path.read_text("utf-8")))]
    names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module and not node.level}
    third_party = {name.partition(".")[0] for name in names} - sys.stdlib_module_names - set(OWN_PACKAGES)
    owners = packages_distributions()
    unlisted = {name for name in third_party if not {canonicalize_name(d) for d in owners[name]} & RUN_TIME.keys()}
    assert not unlisted


def test_pyproject_reads_the_lists():
    dynamic = PYPROJECT["tool"]["setuptools"]["dynamic"]
    assert dynamic["dependencies"] == {"file": ["requirements.txt"]}
    assert dynamic["optional-dependencies"] == {"dev": {"file": ["requirements-dev.txt"]}}
    assert {"dependencies", "optional-dependencies"} == set(PYPROJECT["project"]["dynamic"])
    folders = [path.parent for package in OWN_PACKAGES for path in (ROOT / package).rglob("__init__.py")]
    packages = {".".join(folder.relative_to(ROOT).parts) for folder in folders}
    assert set(PYPROJECT["tool"]["setuptools"]["packages"]) == packages


# --- the Space ---


def test_space_front_matter():
    matter = front_matter()
    assert matter["sdk"] == "gradio"
    assert matter["app_file"] == "app.py"
    assert (ROOT / matter["app_file"]).is_file()
    assert matter["title"]
    assert matter["license"] == "mit"
    assert len(matter.get("short_description", "")) <= 60, "the push is refused above 60 characters"
    colours = {"red", "yellow", "green", "blue", "indigo", "purple", "pink", "gray"}
    assert {matter["colorFrom"], matter["colorTo"]} <= colours
    assert f"=={matter['sdk_version']}" == str(RUN_TIME["gradio"].specifier)


def test_space_has_a_python_that_is_new_enough():
    written = re.search(r"^python_version: *(.*)$", (ROOT / "README.md").read_text("utf-8"), re.MULTILINE)
    assert written
    assert re.fullmatch(r"([\"'])3\.1[1-9](\.\d+)?\1", written[1]), "quoted (YAML reads 3.10 as 3.1), and 3.11 or later"


# --- .env ---


def test_env_example_holds_names_only():
    values = dotenv_values(ROOT / ".env.example")
    assert {"OPENAI_API_KEY", "OPENAI_BASE_URL", "OPENAI_MODEL"} <= values.keys()
    assert {name: value for name, value in values.items() if value} == {}


def test_env_example_copied_as_it_is_changes_nothing(tmp_path: Path):
    copy = tmp_path / ".env"
    copy.write_bytes((ROOT / ".env.example").read_bytes())
    assert Settings.load(copy) == Settings.load(tmp_path / "none")


def test_env_example_names_what_the_settings_read():
    # GRADIO_* and SPACE_ID are set by hosts; custom headers are for those who know the SDK's variable already.
    source = (ROOT / "chat_core" / "settings.py").read_text("utf-8")
    read = set(re.findall(r'"((?:OPENAI|VITRINE)_[A-Z_]+)"', source)) - {"OPENAI_CUSTOM_HEADERS"}
    assert read <= dotenv_values(ROOT / ".env.example").keys()


# --- nothing given away, nothing damaged ---


@pytest.mark.parametrize(
    ("what", "pattern"),
    [
        ("an OpenAI key", r"\bsk-(?:proj-|svcacct-|admin-)?[A-Za-z0-9_-]{40,}"),
        ("a Hugging Face token", r"\bhf_[A-Za-z0-9]{30,}"),
        ("a GitHub token", r"\b(?:gh[pousr]_[A-Za-z0-9]{30,}|github_pat_\w{30,})"),
        ("an Amazon key", r"\bAKIA[0-9A-Z]{16}\b"),
        ("a private key", r"-----BEGIN [A-Z ]*PRIVATE KEY-----"),
        ("a URL with a password", r"\bhttps?://[^\s/:@\"'{}]+:[^\s/@\"'{}]{8,}@[\w.-]+\.\w"),
    ],
)
def test_no_file_holds(what: str, pattern: str):
    here = Path(__file__).relative_to(ROOT)
    assert [str(path) for path, text in texts().items() if path != here and re.search(pattern, text)] == [], what


def test_porch_names_no_package_index():
    lists = ["requirements.txt", "requirements-dev.txt", "pyproject.toml"]
    porch = [*lists, "Makefile", "scripts/bootstrap.sh", ".ci/run", ".env.example"]
    options = re.compile(r"--(?:extra-)?index-url|--find-links|--trusted-host|\[\[tool\.uv\.index|https?://")
    assert [name for name in porch if options.search((ROOT / name).read_text("utf-8"))] == []


def test_env_is_ignored_by_git_and_the_example_is_not():
    ignored = (ROOT / ".gitignore").read_text("utf-8").splitlines()
    assert {".env", ".venv/"} <= set(ignored)
    assert ".env.example" not in ignored


def test_vocabularies_are_binary_to_git():
    rules = (ROOT / ".gitattributes").read_text("utf-8").splitlines()
    assert any(rule.startswith("assets/tiktoken_cache/* ") and "-text" in rule for rule in rules)


@pytest.mark.parametrize("name", [".ci/run", "scripts/bootstrap.sh", "Makefile"])
def test_what_a_shell_runs_has_unix_line_ends(name: str):
    assert b"\r" not in (ROOT / name).read_bytes()


# --- the bootstrap ---


@dataclass(frozen=True)
class Checkout:
    """A folder with the bootstrap script and empty lists, and with Pythons whose pip only writes down its calls."""

    folder: Path

    @property
    def pip_calls(self) -> list[str]:
        log = self.folder / "pip.log"
        return log.read_text("utf-8").splitlines() if log.exists() else []

    def put_python(self, path: Path, behind: Path) -> Path:
        lines = ["#!/bin/sh", f'case "$*" in *pip*) echo "$*" >>"{self.folder}/pip.log"; exit 0 ;; esac']
        path.write_text("\n".join([*lines, f'exec "{behind}" "$@"', ""]), "utf-8")
        path.chmod(0o755)
        return path

    def make_environment(self) -> Path:
        """A sound .venv; returns its Python."""
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", self.folder / ".venv"], check=True)
        python = self.folder / ".venv" / "bin" / "python"
        return self.put_python(python, python.rename(python.with_name("python-itself")))

    def bootstrap(self, task: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run the script with the system's own tools on the path and nothing else."""
        command = ["/bin/sh", str(self.folder / "scripts" / "bootstrap.sh"), task]
        environment = {"PATH": "/usr/bin:/bin", **variables}
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    (tmp_path / "scripts").mkdir()
    (tmp_path / "scripts" / "bootstrap.sh").write_bytes((ROOT / "scripts" / "bootstrap.sh").read_bytes())
    for name in ("requirements.txt", "requirements-dev.txt"):
        (tmp_path / name).write_text("# nothing\n", "utf-8")
    return Checkout(tmp_path)


def test_bootstrap_refuses_an_old_python_in_one_line(checkout: Checkout):
    old = checkout.folder / "python-of-old"
    old.write_text('#!/bin/sh\ncase "$2" in *exit*) exit 1 ;; *) echo 3.9 ;; esac\n', "utf-8")
    old.chmod(0o755)
    done = checkout.bootstrap("run", PYTHON=str(old))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.splitlines() == [f"PYTHON={old} is 3.9. Vitrine needs Python 3.11 or later."]


def test_bootstrap_says_what_it_takes(checkout: Checkout):
    done = checkout.bootstrap("fly")
    assert (done.returncode, done.stdout) == (2, "")
    assert len(done.stderr.splitlines()) == 1


def test_bootstrap_takes_a_python_that_has_everything(checkout: Checkout):
    python = checkout.put_python(checkout.folder / "python3.99", Path(sys.executable))
    done = checkout.bootstrap("run", PYTHON=str(python))
    assert (done.returncode, done.stdout) == (0, f"{python}\n")
    assert not (checkout.folder / ".venv").exists()


def test_bootstrap_installs_once_and_again_when_a_list_changes(checkout: Checkout):
    python = checkout.make_environment()

    def installs(task: str) -> int:
        before = len(checkout.pip_calls)
        done = checkout.bootstrap(task)
        assert (done.returncode, done.stdout) == (0, f"{python}\n"), done.stderr
        return sum(call.startswith("-m pip install") for call in checkout.pip_calls[before:])

    assert [installs(task) for task in ("run", "run", "dev", "dev", "run")] == [1, 0, 1, 0, 0]
    (checkout.folder / "requirements-dev.txt").write_text("# something else\n", "utf-8")
    assert [installs(task) for task in ("run", "dev", "dev", "run")] == [0, 1, 0, 0]
    (checkout.folder / "requirements.txt").write_text("# something else\n", "utf-8")
    assert [installs(task) for task in ("run", "dev", "run", "dev")] == [1, 1, 0, 0]


def test_bootstrap_removes_a_half_made_environment(checkout: Checkout):
    half = checkout.folder / ".venv" / "bin"
    half.mkdir(parents=True)
    (half / "python").symlink_to(checkout.folder / "gone")
    python = checkout.put_python(checkout.folder / "python3.99", Path(sys.executable))
    done = checkout.bootstrap("run", PYTHON=str(python))
    assert done.returncode == 0, done.stderr
    assert "half made" in done.stderr
    assert not half.exists()
