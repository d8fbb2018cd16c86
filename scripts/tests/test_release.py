"""The release script: a dry run of all of it, and what each check refuses."""

from __future__ import annotations

import os
import re
import runpy
import shutil
import subprocess
import sys
import zipfile
from typing import TYPE_CHECKING

import pytest
from rdit_release import artifacts, manifests, tree

if TYPE_CHECKING:
    from pathlib import Path

LIMIT = 600
REPOSITORY = "https://github.com/someone/rdit"

READY = {
    "rdit_lsp/version.py": 'VERSION = "1.0"\n',
    "editors/vscode/package.json": '{"version": "1.0", "homepage": "https://example.org",'
    ' "repository": {"url": "https://example.org.git"}}',
    "editors/vscode/package-lock.json": '{"version": "1.0", "packages": {"": {"version": "1.0"}}}',
    "editors/emacs/rdit.el": ";; URL: https://example.org\n;; Version: 1.0\n",
    "CHANGELOG.md": "# Changelog\n\n## 1.0\n",
    "README.md": "`pipx install rdit-lsp`\n",
    "pyproject.toml": '[project.urls]\nRepository = "https://example.org"\n',
}
"""The files of a project that are asked for its version and its address."""


def _git(folder: Path, *arguments: str) -> str:
    return subprocess.check_output(["git", *arguments], cwd=folder, text=True)


def _commit(folder: Path) -> None:
    _git(folder, "add", "--all")
    person = ("-c", "user.name=Tester", "-c", "user.email=tester@example.org")
    _git(folder, *person, "commit", "--quiet", "--message", "Begin")


def test_a_dry_run_builds_and_checks_everything_and_keeps_nothing() -> None:
    """On the day of a release something of it does not build, install or agree."""
    if shutil.which("npm") is None:
        if os.environ.get("CI") == "true":
            pytest.fail("npm is missing: install Node 20 or newer")
        pytest.skip("npm is missing")
    before = _git(tree.ROOT, "status", "--porcelain"), (tree.ROOT / "dist").exists()
    done = subprocess.run(
        [sys.executable, "scripts/release", "--dry-run"],
        cwd=tree.ROOT,
        capture_output=True,
        text=True,
        timeout=LIMIT,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    version = tree.versions()["rdit_lsp/version.py"]
    good = re.findall(r"^scripts/release: good: (.+)", done.stdout, re.MULTILINE)
    assert good == [
        f"rdit_lsp-{version}-py3-none-any.whl",
        f"rdit_lsp-{version}.tar.gz",
        f"rdit-{version}.vsix",
        "SHA256SUMS",
        *(f"packaging/{name}" for name in manifests.TEMPLATES),
    ]
    assert before == (_git(tree.ROOT, "status", "--porcelain"), (tree.ROOT / "dist").exists())


def test_the_tree_agrees_with_itself() -> None:
    """One place that says the version or the address was forgotten."""
    assert tree.errors() == []


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project that is ready for its release, in a repository of its own."""
    for path, text in READY.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    monkeypatch.setattr(tree, "ROOT", tmp_path)
    _git(tmp_path, "init", "--quiet")
    _commit(tmp_path)
    return tmp_path


def test_a_tree_that_is_ready_has_no_obstacles(project: Path) -> None:
    """A release would be refused for no reason."""
    assert tree.errors() == []
    assert tree.obstacles() == []
    assert project.is_dir()


@pytest.mark.parametrize(
    ("path", "old", "new", "told"),
    [
        ("pyproject.toml", "https://example.org", "https://example.invalid", "address"),
        ("CHANGELOG.md", "## 1.0", "## 1.0 (unreleased)", "unreleased"),
        ("README.md", "pipx", "rdit is not published yet: pipx", "README.md"),
    ],
)
def test_what_a_page_says_before_the_first_release_is_an_obstacle(
    project: Path, path: str, old: str, new: str, told: str
) -> None:
    """The first release would send its users to an address that does not exist."""
    text = (project / path).read_text()
    (project / path).write_text(text.replace(old, new))
    (obstacle,) = [sentence for sentence in tree.obstacles() if "not committed" not in sentence]
    assert told in obstacle


def test_changes_and_an_old_tag_are_obstacles(project: Path) -> None:
    """A release could not be built again from its tag."""
    _git(project, "tag", "v1.0")
    (project / "new").touch()
    assert tree.obstacles() == [
        "there are changes that are not committed: new",
        "there is a tag v1.0 already",
    ]


def test_versions_that_differ_are_told_by_place() -> None:
    """The check would let a release out with two versions."""
    said = tree.disagreement("Versions", {"a file": "1.0", "another": "1.1"})
    assert said == "Versions differ: 1.0 in a file; 1.1 in another."


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        (REPOSITORY, ':fetcher github :repo "someone/rdit"'),
        ("https://codeberg.org/someone/rdit", ':fetcher codeberg :repo "someone/rdit"'),
        ("https://example.org/rdit", ':fetcher git :url "https://example.org/rdit.git"'),
    ],
)
def test_melpa_is_told_of_hosts_in_its_own_words(address: str, expected: str) -> None:
    """MELPA refuses addresses of hosts that it knows by name."""
    assert manifests.melpa_source(address) == expected


def test_manifests_are_filled_in(tmp_path: Path) -> None:
    """A manifest is submitted with a field in the place of a value."""
    values = manifests.values("1.2.3", REPOSITORY, "f" * 64)
    for path in manifests.write(tmp_path, values):
        assert re.search("@[A-Z]", path.read_text()) is None
    recipe = (tmp_path / "conda-forge/rdit-lsp/recipe.yaml").read_text()
    assert 'version: "1.2.3"' in recipe
    assert "f" * 64 in recipe


def test_conda_s_recipe_asks_for_what_the_wheel_asks_for() -> None:
    """A dependency was added in one place alone."""
    needed = [re.split(r" *;", dependency)[0] for dependency in tree.dependencies()]
    assert manifests.conda_dependencies() == needed


def test_an_extension_without_the_wheel_s_server_is_refused(tmp_path: Path) -> None:
    """An extension is released with an older server than the wheel's, or with none."""
    wheel, vsix = tmp_path / "a.whl", tmp_path / "a.vsix"
    with zipfile.ZipFile(wheel, "w") as server:
        server.writestr("rdit_lsp/version.py", "new")
    with zipfile.ZipFile(vsix, "w") as package:
        package.writestr("extension/package.json", '{"version": "1.0"}')
        package.writestr("extension/bundled/libs/rdit_lsp/version.py", "old")
    with pytest.raises(artifacts.UnfitError, match=r"rdit_lsp/version\.py"):
        artifacts.check_vsix(vsix, wheel, "1.0", "", tmp_path)


def test_a_server_of_another_version_is_refused(tmp_path: Path) -> None:
    """The wheel has other code than its name says."""
    command = [sys.executable, "-m", "rdit_lsp", "lsp"]
    with pytest.raises(artifacts.UnfitError, match=r"says it is .* ends with 0"):
        artifacts.check_server(command, "0.0.0", tmp_path)


def test_the_readme_of_the_index_has_absolute_links() -> None:
    """On the package index links to the repository's files lead nowhere, and pictures are missing."""
    absolute = runpy.run_path(str(tree.ROOT / "packaging/hatch_metadata.py"))["absolute"]
    text = "![a](docs/a.png) [b](b.md) [c](https://c.org/) [d](#d)"
    expected = (
        f"![a]({REPOSITORY}/raw/HEAD/docs/a.png) [b]({REPOSITORY}/blob/HEAD/b.md)"
        " [c](https://c.org/) [d](#d)"
    )
    assert absolute(text, REPOSITORY) == expected
