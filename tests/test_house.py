"""The house: who may import whom, what stays in one room, and what importing the engine does not do."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import chat_core

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("chat_core", "chat_ui", "demo_model")
# What each may import of the others.
MAY_IMPORT = {
    "app": {"chat_core", "chat_ui", "demo_model"},
    "chat_ui": {"chat_core"},
    "chat_core": set(),
    "demo_model": set(),
}

# The core from the ground up. A room imports from its own floor or from those below it, and never in a circle.
FLOORS = [
    {"errors", "settings", "file_limits", "file_names", "image_urls"},
    {"messages", "events"},
    {
        "conversation",
        "describing",
        "extract_task",
        "extracting",
        "fetch",
        "field_table",
        "image_economy",
        "images",
        "job_store",
        "json_output",
        "ledger",
        "models",
        "personas",
        "pricing",
        "request",
        "row_sources",
        "schemas",
        "stream_reader",
        "text_files",
        "tokens",
    },
    {"connections", "provider", "wire"},
    {"chat", "discovery", "schema_code"},
    {"batch", "extraction"},
    {"batch_files", "row_extraction"},
    {"batch_service"},
    {"__init__"},
]
ONE_ROOM_EACH = {
    "PIL": {"images"},
    "dotenv": {"settings"},
    "genai_prices": {"pricing"},
    "httpx": {"fetch"},
    "httpx2": {"provider"},
    "jiter": {"json_output"},
    "jsonschema": {"schemas"},
    "openai": {"provider"},
    "pillow_heif": {"images"},
    "referencing": {"schemas"},
    "regex": {"schemas"},
    "tiktoken": {"tokens"},
}


def read_modules(package: str) -> dict[str, ast.Module]:
    top = ROOT if package == "app" else ROOT / package
    paths = [ROOT / "app.py"] if package == "app" else sorted(top.rglob("*.py"))
    names = {path: ".".join(path.relative_to(top).with_suffix("").parts) for path in paths}
    return {name: ast.parse(path.read_text("utf-8"), str(path)) for path, name in names.items()}


# Read before any server runs: Python 3.11 fails to build a tree while a traceback is printed, for which it builds trees
# too: a server's thread does that, or the collector for a task that has failed.
TREES = {package: read_modules(package) for package in MAY_IMPORT}


def modules(package: str) -> dict[str, ast.Module]:
    """Module name within its package ("chat", "sight.shapes") -> its syntax tree; ``app`` is a package of one."""
    return TREES[package]


def imports(tree: ast.Module) -> Iterator[tuple[str, ...]]:
    """What a module imports, as the parts of dotted names: ``from chat_core import wire`` gives (chat_core, wire)."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (tuple(alias.name.split(".")) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are written out in full"
            yield from ((*(node.module or "").split("."), alias.name) for alias in node.names)


def rooms(tree: ast.Module, package: str) -> set[str]:
    """The modules of its own package that a module imports."""
    own = [parts[1:] for parts in imports(tree) if parts[0] == package]
    named = {".".join(parts[:length]) for parts in own for length in range(1, len(parts) + 1)}
    return named & modules(package).keys()


# --- directions ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_imports_run_one_way(package: str) -> None:
    others = {"app", *PACKAGES, "tests", "benchmarks", "scripts"} - {package}
    for name, tree in modules(package).items():
        used = {parts[0] for parts in imports(tree)} & others
        assert used <= MAY_IMPORT[package], f"{package}/{name}.py imports {used - MAY_IMPORT[package]}"


def test_every_room_of_the_core_has_its_floor() -> None:
    placed = [name for floor in FLOORS for name in floor]
    assert sorted(placed) == sorted(modules("chat_core"))


def test_the_core_stands_on_what_is_below() -> None:
    floor_of = {name: height for height, floor in enumerate(FLOORS) for name in floor}
    for name, tree in modules("chat_core").items():
        for other in rooms(tree, "chat_core"):
            assert floor_of[other] <= floor_of[name], f"{name} imports {other}"


@pytest.mark.parametrize("package", PACKAGES)
def test_no_circles(package: str) -> None:
    graph = {name: rooms(tree, package) for name, tree in modules(package).items()}
    assert len(list(TopologicalSorter(graph).static_order())) == len(graph)


def test_the_rooms_of_the_demo_model_lie_one_above_the_other() -> None:
    """What is measured and what is found knows nothing of what is made of it."""
    below: dict[str, set[str]] = {"sight": set(), "skills": set(), "pictures": {"sight"}}
    below["reading"] = {"pictures", "skills"}
    for name, tree in modules("demo_model").items():
        folder, dot, _ = name.partition(".")
        used = {room.partition(".")[0] for room in rooms(tree, "demo_model") if "." in room}
        assert not dot or used <= below[folder] | {folder}, name


def test_tabs_do_not_know_each_other() -> None:
    tabs = {name for name in modules("chat_ui") if name.endswith("_tab")} | {"sidebar", "api"}
    assert len(tabs) >= 5
    for name in tabs:
        assert rooms(modules("chat_ui")[name], "chat_ui") & tabs == set(), name


# --- one library, one room -------------------------------------------------------------------------------------------


def test_each_library_is_imported_in_one_room_of_the_core() -> None:
    users: dict[str, set[str]] = {}
    for name, tree in modules("chat_core").items():
        for parts in imports(tree):
            if parts[0] not in sys.stdlib_module_names and parts[0] != "chat_core":
                users.setdefault(parts[0], set()).add(name)
    assert users == ONE_ROOM_EACH


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_nobody_else_calls_a_model(package: str) -> None:
    for name, tree in modules(package).items():
        if (package, name) != ("chat_core", "provider"):
            assert not {parts[0] for parts in imports(tree)} & {"openai", "httpx2"}, f"{package}/{name}.py"


def test_only_the_front_ends_know_gradio() -> None:
    for package in ("chat_core", "demo_model", "app"):
        for name, tree in modules(package).items():
            assert not {parts[0] for parts in imports(tree)} & {"gradio", "gradio_client"}, f"{package}/{name}.py"


# --- habits ----------------------------------------------------------------------------------------------------------


def own_trees() -> Iterator[tuple[str, ast.Module]]:
    for package in MAY_IMPORT:
        for name, tree in modules(package).items():
            path = f"{name.replace('.', '/')}.py"
            yield path if package == "app" else f"{package}/{path}", tree


def test_no_import_hides_in_a_function() -> None:
    hidden = [
        f"{path}:{inner.lineno}"
        for path, tree in own_trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef)
        for inner in ast.walk(node)
        if isinstance(inner, ast.Import | ast.ImportFrom)
    ]
    assert hidden == []


def test_no_import_by_name() -> None:
    called = {
        f"{path}:{node.lineno}"
        for path, tree in own_trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and getattr(node.func, "id", getattr(node.func, "attr", "")) in ("__import__", "import_module")
    }
    assert called == set()


def test_the_core_prints_nothing() -> None:
    printed = [
        f"{name}:{node.lineno}"
        for name, tree in modules("chat_core").items()
        for node in ast.walk(tree)
        if (isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("print", "input"))
        or (isinstance(node, ast.Attribute) and node.attr in ("stdout", "stderr"))
    ]
    assert printed == []


def test_the_environment_is_read_at_the_door() -> None:
    readers = {
        path
        for path, tree in own_trees()
        for node in ast.walk(tree)
        if (isinstance(node, ast.Attribute) and node.attr in ("environ", "environb", "getenv", "putenv"))
        or (isinstance(node, ast.alias) and node.name in ("environ", "getenv"))
    }
    # The demo model stands alone, so it points tiktoken at its vocabularies itself.
    assert readers == {"app.py", "chat_core/settings.py", "demo_model/tokens.py"}


def test_the_core_runs_no_event_loop_of_its_own() -> None:
    # Async only: whoever calls it has a loop.
    runs = [
        f"{name}:{node.lineno}"
        for name, tree in modules("chat_core").items()
        for node in ast.walk(tree)
        if (isinstance(node, ast.Attribute) and node.attr in ("run_until_complete", "run_forever", "new_event_loop"))
        or (isinstance(node, ast.expr) and ast.unparse(node) == "asyncio.run")
    ]
    assert runs == []


@pytest.mark.parametrize("package", PACKAGES)
def test_every_module_says_what_it_is(package: str) -> None:
    for name, tree in modules(package).items():
        if (package, name) != ("chat_ui", "__init__"):
            assert ast.get_docstring(tree), f"{package}/{name}.py"


def test_the_front_end_package_is_empty() -> None:
    # The terminal's front door must start without loading Gradio.
    assert (ROOT / "chat_ui/__init__.py").read_text("utf-8").strip() == ""


# --- importing the engine --------------------------------------------------------------------------------------------

IMPORTING = """
import sys

touched = []
sys.addaudithook(lambda event, _: touched.append(event) if event.startswith(("socket.", "urllib.")) else None)

import chat_core
import {others}

heavy = [name for name in ("gradio", "gradio_client", "fastapi", "uvicorn", "demo_model") if name in sys.modules]
assert not heavy, heavy
assert not touched, touched
assert callable(chat_core.stream_chat)
"""


def test_importing_the_engine_loads_no_page_and_opens_no_socket() -> None:
    others = ", ".join(f"chat_core.{name}" for name in modules("chat_core") if name != "__init__")
    done = subprocess.run(
        [sys.executable, "-W", "error::DeprecationWarning:chat_core", "-c", IMPORTING.format(others=others)],
        cwd=ROOT,
        env={},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


PUBLIC = [
    "Adjustment",
    "ChatError",
    "ChatRequest",
    "Clocks",
    "Completion",
    "Connection",
    "Extraction",
    "Finished",
    "ImagePart",
    "ImagePolicy",
    "JsonObject",
    "JsonSchema",
    "Message",
    "Options",
    "ReasoningDelta",
    "RefusalDelta",
    "RemoteImage",
    "Retrying",
    "RowDone",
    "RowResult",
    "RowSource",
    "Settings",
    "Started",
    "TextDelta",
    "TextFile",
    "TextPart",
    "Usage",
    "assistant",
    "calc_cost",
    "complete",
    "connection_from",
    "count_message_tokens",
    "count_tokens",
    "extract",
    "extract_rows",
    "extraction_task",
    "fetch_image",
    "image_tokens",
    "load_image",
    "stream_chat",
    "system",
    "user",
]


def test_public_names() -> None:
    assert chat_core.__all__ == PUBLIC
    assert all(hasattr(chat_core, name) for name in PUBLIC)


def test_nothing_else_of_the_core_is_exported_by_accident() -> None:
    names = {name for name in vars(chat_core) if not name.startswith("_")}
    assert names - set(PUBLIC) <= modules("chat_core").keys()


# --- README ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("package", PACKAGES)
def test_the_tree_in_the_readme_has_every_module(package: str) -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    names = [path.name for path in sorted((ROOT / package).rglob("*.py")) if not path.name.startswith("__")]
    assert [name for name in names if name not in text] == []
