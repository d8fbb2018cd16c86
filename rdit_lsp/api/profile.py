"""What one client wants and can do, as far as sessions, results and files are shown to it.

Plain data, decided once when the client introduces itself and replaced as a whole where its settings
change it. Each wire has its own way to find it out.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rdit_lsp.document.positions import Encoding
    from rdit_lsp.settings.configuration import Complete

_VSCODE = ("Visual Studio Code", "VSCodium", "Code - OSS", "code-server", "Cursor", "Windsurf")


class ImageSupport(Enum):
    """How a client shows images in Markdown."""

    NONE = "none"
    """Not at all: it gets captions."""
    INLINE = "inline"
    """By `data:` addresses, which hold the whole image."""
    VSCODE = "vscode"
    """By `data:` and `file:` addresses, with `|width=…` behind them."""


@dataclass(frozen=True)
class ClientProfile:
    """What a client wants and can do; without arguments, the least."""

    encoding: Encoding = "utf-16"
    """What its columns count."""
    wants_results: bool = False
    """It is sent the results themselves (`rdit/didChangeResults`)."""
    can_answer: bool = False
    """A person there can answer `input()`."""
    can_open_files: bool = False
    """It opens a file when it is asked to."""
    can_refresh_hints: bool = False
    """It can be asked to request inlay hints again."""
    can_show_progress: bool = False
    """It shows that a run takes long, and can cancel it."""
    has_clipboard: bool = False
    """It puts the text of `rdit/copyResult` on its clipboard."""
    has_configuration: bool = False
    """It can be asked for its settings."""
    has_other_server: bool = False
    """Another server completes Python in it, too."""
    images: ImageSupport = ImageSupport.NONE
    takes_label_offsets: bool = False
    """It finds a parameter in a signature by where that begins and ends."""

    def completion(self, wanted: Complete) -> Complete:
        """What completions to offer it where the setting is `wanted`; never `auto`."""
        if wanted != "auto":
            return wanted
        return "beside" if self.has_other_server else "live"


def image_support(client: str | None, wanted: bool | None) -> ImageSupport:
    """How the client of this name shows images.

    `wanted` is what it says itself; where it says nothing, its name decides.
    """
    is_vscode = client is not None and client.startswith(_VSCODE)
    if not (is_vscode if wanted is None else wanted):
        return ImageSupport.NONE
    return ImageSupport.VSCODE if is_vscode else ImageSupport.INLINE
