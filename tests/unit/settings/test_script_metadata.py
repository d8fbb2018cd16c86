"""What scripts declare that they need, and whether it is there."""

from __future__ import annotations

import pytest

from rdit_lsp.settings.configuration import ConfigurationError
from rdit_lsp.settings.requirements import Requirement, requirement, satisfies, shortfall
from rdit_lsp.settings.script_metadata import ScriptMetadata, metadata_of

BLOCK = """\
#!/usr/bin/env python
# /// script
# requires-python = ">=3.11"
# dependencies = [
#   "requests<3",
#
#   "rich",
# ]
# [tool.other]
# x = 1
# ///
import requests
"""


@pytest.mark.parametrize("source", [BLOCK, BLOCK.replace("\n", "\r\n"), "x = 1\n\n" + BLOCK])
def test_block(source: str) -> None:
    """What a script declares would be passed over."""
    assert ScriptMetadata(">=3.11", ("requests<3", "rich")) == metadata_of(source)


@pytest.mark.parametrize(
    "source",
    [
        "",
        "x = 1",
        "# /// script\n# dependencies = []\n",
        "# /// script\nx = 1\n# ///\n",
        "# /// other\n# x = 1\n# ///\n",
        "#/// script\n# x = 1\n#///\n",
        "    # /// script\n    # x = 1\n    # ///\n",
        "# /// script\n#dependencies = []\n# ///\n",
    ],
)
def test_no_block(source: str) -> None:
    """A comment that is no block would be read as one."""
    assert metadata_of(source) is None


def test_empty_block() -> None:
    """A block need not declare anything."""
    assert ScriptMetadata() == metadata_of("# /// script\n#\n# ///\n")


def test_the_last_end_counts() -> None:
    """PEP 723: a line `# ///` within the comment does not end the block."""
    source = "# /// script\n# dependencies = ['''\n# ///\n# ''']\n# ///\n"
    assert ScriptMetadata("", ("///\n",)) == metadata_of(source)


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("# /// script\n# a = \n# ///\n", "is not valid TOML: "),
        ("# /// script\n# dependencies = 'a'\n# ///\n", "must be a list of strings"),
        ("# /// script\n# dependencies = [1]\n# ///\n", "must be a list of strings"),
        ("# /// script\n# requires-python = 3.11\n# ///\n", "must be a string"),
        (BLOCK + BLOCK, "more than one block"),
    ],
)
def test_broken_blocks(source: str, reason: str) -> None:
    """A mistake would be a traceback, or would be passed over."""
    with pytest.raises(ConfigurationError, match=reason) as error:
        metadata_of(source)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("version", "specifiers", "expected"),
    [
        ("3.11.7", "", True),
        ("3.11.7", ">=3.11", True),
        ("3.11.7", ">=3.12", False),
        ("3.9.18", ">=3.10", False),
        ("3.11.7", ">= 3.8, < 4", True),
        ("3.11.7", ">=3.8,<3.11", False),
        ("3.11.7", "<=3.11", False),
        ("3.11.7", ">3.11", True),
        ("3.11.0", "==3.11", True),
        ("3.11", "==3.11.0", True),
        ("3.11.7", "==3.11", False),
        ("3.11.7", "==3.11.*", True),
        ("3.11.7", "!=3.11.*", False),
        ("3.1.1", "==3.11.*", False),
        ("3", "==3.0.*", True),
        ("3.11.7", "~=3.9", True),
        ("4.0", "~=3.9", False),
        ("3.11.7", "~=3.11.2", True),
        ("3.12.0", "~=3.11.2", False),
        ("3.11.1", "~=3.11.2", False),
        ("2.1.0+cpu", ">=2.1", True),
        ("2.0rc1", ">=2.0", True),
        ("1!2.0", "==2.0", True),
        ("nightly", ">=2.0", True),
        ("2.0", "===2.0", True),
        ("2.0", "nonsense", True),
    ],
)
def test_versions(version: str, specifiers: str, *, expected: bool) -> None:
    """A script would be said not to run where it does, or the other way round."""
    assert expected == satisfies(version, specifiers)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("rich", Requirement("rich")),
        ("rich>=13,<15", Requirement("rich", ">=13,<15")),
        ("a-b.c_d [x, y] (~=1.0)", Requirement("a-b.c_d", "~=1.0")),
        ("rich<15 ; python_version < '3.9'", Requirement("rich", "<15", is_conditional=True)),
        ("rich @ https://example.org/rich.whl", Requirement("rich")),
        ("rich[x]", Requirement("rich")),
        ("", None),
        ("rich here", None),
        ("-r file", None),
        (">=3", None),
    ],
)
def test_requirements(text: str, expected: Requirement | None) -> None:
    """The package that is looked for would be another."""
    assert expected == requirement(text)


@pytest.mark.parametrize(
    ("text", "version", "expected"),
    [
        ("rich", "1", None),
        ("rich", None, "rich is not installed"),
        ("rich>=13", "12.1", "rich is 12.1, not >=13"),
        ("rich>=13", "13.1", None),
        ("rich; sys_platform == 'win32'", None, None),
        ("rich here", None, "'rich here' is not a requirement"),
    ],
)
def test_what_is_lacking(text: str, version: str | None, expected: str | None) -> None:
    """Something would be called missing that is there, or not asked for."""
    assert expected == shortfall(text, {"rich": version})
