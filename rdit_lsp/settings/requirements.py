"""Whether a version is one that is asked for, and a requirement met by what is installed.

As PEP 440 and PEP 508 have it, as far as numbers go: of versions such as `2.0rc1` the release is compared,
and conditions (`; sys_platform == "win32"`) are not worked out. Where that leaves a doubt, nothing is
said to be missing. Pure.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_VERSION = re.compile(r"v?(?:\d+!)?(\d+(?:\.\d+)*)")
_CLAUSE = re.compile(r"\s*(~=|==|!=|<=|>=|<|>)\s*v?(\d+(?:\.\d+)*)(\.\*)?\s*")
_REQUIREMENT = re.compile(
    r"\s*(?P<name>[A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?)\s*(?:\[[^]]*\])?"
    r"\s*\(?(?P<versions>(?:[~=!<>]=[^;@)]*|[<>][^;@)]*)?)\)?\s*(?P<rest>(?:[;@].*)?)",
    re.DOTALL,
)


@dataclass(frozen=True)
class Requirement:
    """A package that is asked for."""

    name: str
    versions: str = ""
    is_conditional: bool = False
    """It is not asked for everywhere."""


def requirement(text: str) -> Requirement | None:
    """The requirement that the text is, None for what is not one."""
    found = _REQUIREMENT.fullmatch(text)
    if found is None:
        return None
    return Requirement(found["name"], found["versions"].strip(), ";" in found["rest"])


def shortfall(text: str, installed: Mapping[str, str | None]) -> str | None:
    """What is wrong with a requirement where these versions are installed, None if nothing is.

    `installed` has a version, or None, for the name of each requirement.
    """
    wanted = requirement(text)
    if wanted is None:
        return f"{text!r} is not a requirement"
    version = installed.get(wanted.name)
    if version is None:
        return None if wanted.is_conditional else f"{wanted.name} is not installed"
    if wanted.is_conditional or satisfies(version, wanted.versions):
        return None
    return f"{wanted.name} is {version}, not {wanted.versions}"


def satisfies(version: str, specifiers: str) -> bool:
    """Whether a version is one of those that are asked for, such as `>=3.9,<4`."""
    found = _VERSION.match(version)
    if found is None:
        return True
    release = _numbers(found[1])
    return all(_is_met(release, clause) for clause in specifiers.split(",") if clause.strip())


def _is_met(release: tuple[int, ...], clause: str) -> bool:
    found = _CLAUSE.fullmatch(clause)
    if found is None:
        return True
    operator, wanted, is_prefix = found[1], _numbers(found[2]), bool(found[3])
    if is_prefix:
        is_equal = _padded(release, len(wanted))[: len(wanted)] == wanted
        return is_equal if operator == "==" else not is_equal
    if operator == "~=" and _padded(release, len(wanted))[: len(wanted) - 1] != wanted[:-1]:
        return False
    size = max(len(release), len(wanted))
    mine, other = _padded(release, size), _padded(wanted, size)
    return {
        "==": mine == other,
        "!=": mine != other,
        "<": mine < other,
        "<=": mine <= other,
        ">": mine > other,
    }.get(operator, mine >= other)


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(map(int, text.split(".")))


def _padded(release: tuple[int, ...], size: int) -> tuple[int, ...]:
    return release + (0,) * (size - len(release))
