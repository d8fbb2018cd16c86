"""The boundaries of ARCHITECTURE.md, as the imports show them."""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "rdit_lsp"
MODULES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for path in PACKAGE.rglob("*.py")
}
WORKER = {name: path for name, path in MODULES.items() if name.startswith("rdit_lsp.worker")}
SHARED = {"rdit_lsp.worker.protocol", "rdit_lsp.worker.statements"}
LSP = {"lsprotocol", "pygls"}


def imports(name: str, *, all_of_them: bool = True) -> set[str]:
    """The modules that a module imports; without `all_of_them`, only when it is itself imported."""
    found: set[str] = set()
    tree = ast.parse(MODULES[name].read_text())
    package = name if MODULES[name].name == "__init__.py" else name.rpartition(".")[0]
    pending: list[ast.AST] = list(tree.body)
    while pending:
        node = pending.pop()
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        if isinstance(node, ast.If) and ast.unparse(node.test) == "False":
            continue
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not all_of_them:
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parent = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*parent, *([base] if base else [])])
            found |= {
                f"{base}.{alias.name}" if f"{base}.{alias.name}" in MODULES else base
                for alias in node.names
            }
        pending += ast.iter_child_nodes(node)
    return found


def typed_imports(name: str) -> set[str]:
    """Every module that a module imports, for typing too."""
    tree = ast.parse(MODULES[name].read_text())
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(node.module or "")
    return found


def tops(names: set[str]) -> set[str]:
    return {name.partition(".")[0] for name in names}


@pytest.mark.parametrize("name", WORKER)
def test_worker_stands_alone(name: str) -> None:
    """The worker would need something installed in the user's environment, or not know its place."""
    allowed = sys.stdlib_module_names | {"rdit_lsp", "_rdit_worker", "annotationlib"}
    assert set() == tops(imports(name, all_of_them=False)) - allowed
    # Looked at only where user code has already brought them.
    assert set() == tops(imports(name)) - allowed - {
        "matplotlib",
        "plotly",
        "kaleido",
        "vl_convert",
    }
    ours = {other for other in imports(name) if other.startswith("rdit_lsp")}
    assert set() == {other for other in ours if not other.startswith("rdit_lsp.worker")}


@pytest.mark.parametrize("name", MODULES.keys() - WORKER.keys())
def test_server_imports_two_modules_of_the_worker(name: str) -> None:
    """Code that is made for the user's interpreter would run in the server."""
    found = {other for other in imports(name) if other.startswith("rdit_lsp.worker")}
    assert set() == found - SHARED - {"rdit_lsp.worker"}


@pytest.mark.parametrize("name", MODULES)
def test_few_modules_know_lsp(name: str) -> None:
    """What a session does would depend on how editors are told of it."""
    if name.startswith("rdit_lsp.lsp."):
        return
    assert set() == tops(imports(name)) & LSP
    if name != "rdit_lsp.api.decode":
        assert set() == tops(typed_imports(name)) & LSP


@pytest.mark.parametrize("name", MODULES.keys() - WORKER.keys())
def test_few_modules_know_processes(name: str) -> None:
    """Signals and process ids would be used where nobody looks for them."""
    allowed = {
        f"rdit_lsp.process.{name}" for name in ("worker", "spawn", "posix.children", "posix.guard")
    }
    text = MODULES[name].read_text()
    used = set(re.findall(r"os\.(?:kill|killpg|fork|waitpid)\b|\bsubprocess\.\w+", text))
    if name not in allowed:
        assert set() == used


@pytest.mark.parametrize("name", [n for n in MODULES if n.startswith("rdit_lsp.lsp.features.")])
def test_features_see_snapshots_only(name: str) -> None:
    """A feature would change what it shows, or wait for a worker."""
    forbidden = tuple(
        f"rdit_lsp.{part}"
        for part in (
            "session",
            "process",
            "lsp.server",
            "lsp.language",
            "lsp.handlers",
            "lsp.publish",
        )
    )
    assert set() == {other for other in imports(name) if other.startswith(forbidden)}


def test_no_import_cycles() -> None:
    """Modules that need each other are one module in two files."""
    graph = {
        name: {other for other in imports(name, all_of_them=False) if other in MODULES}
        for name in MODULES
    }
    while True:
        leaves = {name for name, needs in graph.items() if not needs & graph.keys()}
        if not leaves:
            break
        graph = {name: needs for name, needs in graph.items() if name not in leaves}
    assert {} == {name: needs & graph.keys() for name, needs in graph.items()}


def test_architecture_names_what_is_there() -> None:
    """The map would show houses that are gone."""
    text = (ROOT / "ARCHITECTURE.md").read_text()
    named = set(re.findall(r"`((?:rdit_lsp/)?[\w/]+\.py)`", text))
    assert set() != named
    missing = {
        name
        for name in named
        if not any((base / name).exists() for base in (ROOT, PACKAGE, PACKAGE / "worker"))
    }
    assert set() == missing
