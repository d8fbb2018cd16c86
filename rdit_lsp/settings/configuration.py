"""What a user can set: the keys of section `rdit`, from the editor and from `pyproject.toml`.

Decodes and checks; knows nothing of where the editor's part comes from or what the settings do.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from rdit_lsp.settings.toml import parse

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

RunOn: TypeAlias = Literal["command", "save", "type"]
Complete: TypeAlias = Literal["auto", "live", "beside", "off"]
FigureFormat: TypeAlias = Literal["png", "svg"]

_DPI = range(10, 1201)
"""Resolutions a figure may be drawn at."""


CHECKPOINT_MEMORY = 1 << 30
"""Bytes that checkpoints may hold by default."""


_UNITS = {"m": 60.0, "h": 3600.0, "d": 86400.0}
_LONGEST = 3650 * _UNITS["d"]
_KEEP = 8 * _UNITS["h"]


class ConfigurationError(Exception):
    """A setting has a value it cannot have; the message is a sentence for the user."""


@dataclass(frozen=True)
class Settings:
    """The settings of one document. Paths are absolute."""

    python: tuple[str, ...] | None = None
    """Command line that starts the interpreter; None to look for one."""
    cwd: Path | None = None
    args: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    run_on: RunOn = "command"
    checkpoints: Literal["auto", "off"] = "auto"
    checkpoint_memory: int = CHECKPOINT_MEMORY
    """Bytes that checkpoints may hold beyond what the program holds anyway."""
    figure_format: FigureFormat = "png"
    """What figures are drawn as."""
    figure_dpi: float | None = None
    """Dots per inch they are drawn at; None for each figure's own."""
    completion: Complete = "auto"
    """What is completed: all that live objects have, only what no other server can know, or nothing."""
    host: Literal["auto", "off"] = "auto"
    """Whether the language server may be one that other clients share, and that outlives them."""
    keep_sessions: float | None = _KEEP
    """Seconds for which a program lives on without a client; None for ever, 0 not at all."""
    keep_results: bool = True
    """Whether results are written to disk, to be shown when the document is opened again."""
    assignments: bool = False
    """Whether values of simple assignments are shown."""
    sources: Mapping[str, str] = field(default_factory=dict)
    """Where each of the fields that is not by default was set, for people."""
    unknown: tuple[str, ...] = ()
    """A sentence for each key of pyproject.toml that is no setting."""

    @property
    def python_origin(self) -> str:
        """How `python` was set, for people."""
        source = self.sources.get("python", "")
        return f"given with {source}" if source.startswith("--") else f"set in {source}"


def settings_for(
    folder: Path,
    editor: Mapping[str, Any],
    workspace: Path | None = None,
    where: str = "the editor's settings",
) -> Settings:
    """The settings of a document in `folder`: the editor's, over those of the nearest pyproject.toml.

    Relative paths count from the file that holds them, or from the workspace. `where` is what people
    call the editor's part. Raises ConfigurationError.
    """
    found = _from_pyproject(folder)
    settings: dict[str, Any] = {}
    sources: dict[str, str] = {}
    parts = [] if found is None else [(found[1], str(found[0]), found[0].parent)]
    for section, origin, base in (*parts, (editor, where, workspace or folder)):
        checked = _checked(section, origin, base)
        settings.update(checked)
        sources.update(dict.fromkeys(checked, origin))
    unknown = () if found is None else tuple(_unknown(found[1], str(found[0])))
    return Settings(**settings, sources=sources, unknown=unknown)


def _from_pyproject(folder: Path) -> tuple[Path, Mapping[str, Any]] | None:
    for parent in (folder, *folder.parents):
        path = parent / "pyproject.toml"
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, ValueError):
            continue
        try:
            tool = parse(text).get("tool", {})
        except ValueError as error:
            raise ConfigurationError(f"{path} is not valid TOML: {error}.") from error
        section = tool.get("rdit", {}) if isinstance(tool, dict) else None
        if not isinstance(section, dict):
            raise ConfigurationError(f"tool.rdit in {path} is not a table of settings.")
        return path, section
    return None


def _checked(section: Mapping[str, Any], where: str, base: Path) -> dict[str, Any]:
    """The fields of `Settings` that `section` sets; unknown keys are for newer versions."""
    found: dict[str, Any] = {}
    for key, value in section.items():
        if value is None or key not in _READERS:
            continue
        name, reader, expected = _READERS[key]
        try:
            found[name] = reader(value, base)
        except (TypeError, ValueError) as error:
            raise ConfigurationError(
                f"{key} = {value!r} in {where} is wrong: {expected}."
            ) from error
    return found


def _unknown(section: Mapping[str, Any], where: str) -> Iterator[str]:
    """A sentence for each key that is not a setting, or not one of this version's."""
    for key in section:
        if key not in _READERS:
            meant = _meant(key)
            hint = f": is {meant} meant?" if meant is not None else "."
            yield f"{key} in {where} is not a setting of rdit{hint}"


def _meant(key: str) -> str | None:
    """The setting that a mistyped key may stand for."""
    import difflib  # It takes its time, and keys are seldom mistyped.

    names = {name.lower(): name for name in _READERS}
    plain = key.lower().replace("-", "").replace("_", "")
    return next((names[name] for name in difflib.get_close_matches(plain, names, 1)), None)


def _command(value: object, base: Path) -> tuple[str, ...]:
    if isinstance(value, str) and value.strip():
        path = Path(value).expanduser()
        whole = path if path.is_absolute() else base / path
        words = [str(whole)] if "/" in value and whole.exists() else shlex.split(value)
    else:
        words = list(_strings(value, base))
    if not words:
        raise ValueError
    program = Path(words[0]).expanduser()
    if "/" in words[0] and not program.is_absolute():
        program = base / program
    return (str(program), *words[1:])


def _folder(value: object, base: Path) -> Path:
    if not isinstance(value, str):
        raise TypeError
    return base / Path(value).expanduser()


def _strings(value: object, _base: Path) -> tuple[str, ...]:
    if not isinstance(value, list | tuple) or not all(isinstance(item, str) for item in value):
        raise TypeError
    return tuple(value)


def _variables(value: object, _base: Path) -> dict[str, str]:
    if not isinstance(value, dict):
        raise TypeError
    found = {str(name): _variable(setting) for name, setting in value.items()}
    if not can_be_environment(found):
        raise ValueError
    return found


def can_be_environment(variables: Mapping[str, str]) -> bool:
    """Whether the operating system takes these environment variables."""
    return all(
        name and "=" not in name and "\0" not in name + value for name, value in variables.items()
    )


def _variable(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    raise TypeError


def _dpi(value: object, _base: Path) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError
    if not _DPI[0] <= value <= _DPI[-1]:
        raise ValueError
    return float(value)


def _megabytes(value: object, _base: Path) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError
    if not 0 <= value < 1 << 30:
        raise ValueError
    return int(value * (1 << 20))


def _duration(value: object, _base: Path) -> float | None:
    if not isinstance(value, str):
        raise TypeError
    if value in ("off", "forever"):
        return 0.0 if value == "off" else None
    seconds = float(value[:-1]) * _UNITS.get(value[-1:], 0.0)
    if not 0 < seconds < _LONGEST:
        raise ValueError
    return seconds


def _truth(value: object, _base: Path) -> bool:
    if not isinstance(value, bool):
        raise TypeError
    return value


def _one_of(*choices: str) -> Any:  # a reader of a choice
    def read(value: object, _base: Path) -> str:
        if value not in choices:
            raise ValueError
        return str(value)

    return read


_READERS: dict[str, tuple[str, Any, str]] = {
    "python": ("python", _command, "it must be an interpreter or the command line of one"),
    "cwd": ("cwd", _folder, "it must be a folder"),
    "args": ("args", _strings, "it must be a list of strings"),
    "env": ("env", _variables, "it must map names to strings"),
    "runOn": ("run_on", _one_of("command", "save", "type"), "it must be command, save or type"),
    "checkpoints": ("checkpoints", _one_of("auto", "off"), "it must be auto or off"),
    "checkpointMemory": ("checkpoint_memory", _megabytes, "it must be a number of megabytes"),
    "figureFormat": ("figure_format", _one_of("png", "svg"), "it must be png or svg"),
    "figureDpi": ("figure_dpi", _dpi, f"it must be a number from {_DPI[0]} to {_DPI[-1]}"),
    "completion": (
        "completion",
        _one_of("auto", "live", "beside", "off"),
        "it must be auto, live, beside or off",
    ),
    "host": ("host", _one_of("auto", "off"), "it must be auto or off"),
    "keepSessions": (
        "keep_sessions",
        _duration,
        "it must be off, forever, or a number followed by m, h or d",
    ),
    "keepResults": ("keep_results", _truth, "it must be true or false"),
    "assignments": ("assignments", _truth, "it must be true or false"),
}
