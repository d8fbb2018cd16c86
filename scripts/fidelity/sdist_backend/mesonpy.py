"""A stand-in for the meson-python build backend that reads metadata and builds nothing.

`pip download` asks the backend of every source distribution for its metadata, and the real one
configures a C build for that, which takes minutes and may need the network. The answer already lies
in the distribution's `PKG-INFO`.
"""

from __future__ import annotations

import shutil
from email.parser import HeaderParser
from pathlib import Path
from typing import Any


def prepare_metadata_for_build_wheel(
    metadata_directory: str, config_settings: dict[str, Any] | None = None
) -> str:
    """Write a `.dist-info` folder into `metadata_directory` and return its name (PEP 517)."""
    del config_settings
    header = HeaderParser().parsestr(Path("PKG-INFO").read_text(encoding="utf-8"))
    folder = Path(
        metadata_directory, f"{header['Name'].replace('-', '_')}-{header['Version']}.dist-info"
    )
    folder.mkdir()
    shutil.copy("PKG-INFO", folder / "METADATA")
    return folder.name


def build_wheel(*_args: object, **_options: object) -> str:
    """Refuse: only the text of the distribution is wanted."""
    raise RuntimeError("this stand-in reads metadata and builds nothing")
