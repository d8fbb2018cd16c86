"""The boundaries of ARCHITECTURE.md, as the imports show them."""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "rdit_lsp"
MODULES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for path in PACKAGE.rglob("*.py")
}
WORKER = {name: path for name, path in MODULES.items() if name.startswith("rdit_lsp.worker")}
SHARED = {"rdit_lsp.worker.protocol", "rdit_lsp.worker.statements"}
LSP = {"lsprotocol", "pygls"}
BASE = {"", "outputs", "settings"}
"""What any package may import: what is directly in `rdit_lsp` (the version) and these."""
LAYERS: dict[str, set[str]] = {
    "": {"cli", "host", "lsp"},
    "settings": {""},
    "outputs": {""},
    "document": {"worker"},
    "process": {*BASE, "worker"},
    "results": {*BASE, "document", "worker"},
    "program": {*BASE, "document", "process"},
    "session": {*BASE, "document", "process", "program", "results", "worker"},
    "render": {*BASE, "results"},
    "export": {*BASE, "document", "render", "results"},
    "api": {*BASE, "document", "export", "process", "program", "render", "results", "session"},
    "lsp": {*BASE, "api", "document", "export", "process", "render", "results", "session"},
}
"""Each package and the others it may import, at run time and for typing."""
LAYERS["host"] = {*LAYERS["lsp"], "lsp"}
LAYERS["cli"] = {*LAYERS.keys()} - {"worker"}


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


def every_import(name: str) -> set[str]:
    """Every module that a module imports, for typing too."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(MODULES[name].read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found |= {
                f"{node.module}.{alias.name}"
                if f"{node.module}.{alias.name}" in MODULES
                else node.module
                for alias in node.names
            }
    return found


def package_of(name: str) -> str:
    """The package below `rdit_lsp` that a module is in; empty for those directly in it."""
    parts = name.split(".")
    return parts[1] if len(parts) > 1 and (PACKAGE / parts[1]).is_dir() else ""


def function_lengths(name: str) -> Iterator[int]:
    """The lines of each function of a module, without its docstring."""
    for node in ast.walk(ast.parse(MODULES[name].read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno is not None
            length = node.end_lineno - node.lineno + 1
            first = node.body[0]
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                assert first.end_lineno is not None
                length -= first.end_lineno - first.lineno + 1
            yield length


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


@pytest.mark.parametrize("name", WORKER)
def test_worker_is_layers(name: str) -> None:
    """What is seldom needed would be imported when a worker starts, or displays depend on inspections."""
    allowed = {"": {"", "display"}, "display": {"", "display"}}
    parts = name.split(".")[2:-1]
    found = {other for other in imports(name) if other in WORKER}
    folders = {"".join(other.split(".")[2:-1]) for other in found}
    assert set() == folders - allowed.get("".join(parts), {"", "display", "inspection"})


def test_worker_shadows_no_library() -> None:
    """While the worker starts, its folder is on `sys.path`: an import of the user's would find it there."""
    names = {name.split(".")[2] for name in WORKER if name != "rdit_lsp.worker"}
    assert set() == names & sys.stdlib_module_names


@pytest.mark.parametrize("name", MODULES.keys() - WORKER.keys())
def test_packages_are_layers(name: str) -> None:
    """What a layer does would depend on those above it, and a change there would change it."""
    package = package_of(name)
    others = {package_of(other) for other in every_import(name) if other in MODULES} - {package}
    assert set() == others - LAYERS[package]


@pytest.mark.parametrize("name", MODULES.keys() - WORKER.keys())
def test_server_imports_two_modules_of_the_worker(name: str) -> None:
    """Code that is made for the user's interpreter would run in the server."""
    found = {other for other in every_import(name) if other.startswith("rdit_lsp.worker")}
    assert set() == found - SHARED - {"rdit_lsp.worker"}


@pytest.mark.parametrize("name", MODULES)
def test_one_package_knows_lsp(name: str) -> None:
    """What a session does would depend on how editors are told of it."""
    if package_of(name) != "lsp":
        assert set() == tops(every_import(name)) & LSP


@pytest.mark.parametrize("name", MODULES.keys() - WORKER.keys())
def test_few_modules_know_processes(name: str) -> None:
    """Signals and process ids would be used where nobody looks for them."""
    used = set(re.findall(r"os\.(?:kill|killpg|fork|waitpid|waitid)\b", MODULES[name].read_text()))
    if package_of(name) != "process":
        assert set() == used


@pytest.mark.parametrize("name", [n for n in MODULES if n.startswith("rdit_lsp.lsp.features.")])
def test_features_see_snapshots_only(name: str) -> None:
    """A feature would change what it shows, or wait for a worker."""
    allowed = (
        *("lsp.features", "document", "export", "outputs", "render", "results", "settings"),
        *("api.inspection", "api.profile"),  # Decoded answers, and what the client can do: data.
    )
    ours = {other.removeprefix("rdit_lsp.") for other in every_import(name) if other in MODULES}
    assert set() == {other for other in ours if not other.startswith(allowed)}


def test_few_plain_modules() -> None:
    """A folder of unlike modules is where nothing is found."""
    assert len(list(PACKAGE.glob("*.py"))) <= 8


@pytest.mark.parametrize("name", MODULES.keys() - WORKER.keys())
def test_modules_are_short(name: str) -> None:
    """A module that has taken in a second noun would be read by nobody."""
    assert len(MODULES[name].read_text().splitlines()) <= 450


def test_functions_are_short() -> None:
    """A function that does one thing is short; docstrings left out."""
    lengths = sorted(length for name in MODULES for length in function_lengths(name))
    assert lengths[len(lengths) // 2] <= 7
    assert lengths[len(lengths) * 9 // 10] < 20
    assert lengths[-1] <= 60


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
