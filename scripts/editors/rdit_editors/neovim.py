"""Neovim, with rdit's plugin and without it."""

# ruff: noqa: D102 - what each method does is said once, in Editor.

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING, ClassVar

from rdit_editors.editor import ROOT, Editor, program

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rdit_editors.editor import Action

PLUGIN = ROOT / "editors" / "neovim"

_LUA_BLOCK = re.compile(r"^```lua\n(.*?)^```", re.DOTALL | re.MULTILINE)

_STATUSLINE = """
vim.o.swapfile = false
vim.o.laststatus = 2
vim.g.mapleader = " "
function Servers() return #vim.lsp.get_clients({ bufnr = 0 }) end
vim.o.statusline = "%f %{v:lua.Servers()} servers"
vim.api.nvim_create_autocmd("LspAttach", { command = "redrawstatus!" })
"""


class Neovim(Editor):
    """The keys that both configurations share."""

    init = ""
    """What the user's init.lua has."""

    def arguments(self) -> list[str]:
        return [program(self.name), str(self.document)]

    def configure(self) -> None:
        self.configuration("nvim", "init.lua").write_text(_STATUSLINE + self.init)

    def wait_until_served(self) -> None:
        self.sees(self.document.name, "1 servers")

    def command(self, command: str) -> None:
        """Run an Ex command."""
        self.terminal.send(f":{command}\r")

    def replace_line(self, line: int, text: str) -> None:
        # Typing it would have Neovim indent it.
        quoted = text.replace("'", "''")
        self.command(f"call setline({line}, '{quoted}')")

    def go_to(self, line: int) -> None:
        self.command(f"{line}")

    def undo(self) -> None:
        self.terminal.send("u")

    def hover(self, line: int) -> None:
        self.go_to(line)
        self.terminal.send("0K")

    def close_hover(self) -> None:
        # The float closes when the cursor moves.
        self.terminal.send("l")

    def show_diagnostic(self, line: int) -> None:
        self.go_to(line)
        self.command("lua vim.diagnostic.open_float()")

    def leave(self) -> None:
        self.command("qa!")


class PluginNeovim(Neovim):
    """Neovim with the plugin as a plain package, and nothing of it configured."""

    answers_input = True
    actions: ClassVar[Mapping[Action, str]] = {
        "file": "Rdit file",
        "update": "Rdit",
        "statement": "Rdit statement",
        "interrupt": "Rdit interrupt",
    }

    def configure(self) -> None:
        super().configure()
        # A copy: making help tags must not write into the checkout.
        package = self.home / "data" / "nvim" / "site" / "pack" / "rdit" / "start" / "rdit"
        shutil.copytree(PLUGIN, package, ignore=shutil.ignore_patterns("tests"))

    def do(self, action: Action) -> None:
        self.command(self.actions[action])


class PluginNeovim012(PluginNeovim):
    """The newest one."""

    name = "nvim-0.12"


class PluginNeovim010(PluginNeovim):
    """The oldest one that the plugin is for."""

    name = "nvim-0.10"


class GenericNeovim(Neovim):
    """Neovim with what the plugin's README tells those who do not want the plugin."""

    actions: ClassVar[Mapping[Action, str]] = {
        "file": "\x1b[15~",  # F5
        "update": "\x1b[17~",  # F6
        "statement": "\x1b[18~",  # F7
        "interrupt": "\x1b[19~",  # F8
    }

    def do(self, action: Action) -> None:
        self.terminal.send(self.actions[action])


class GenericNeovim012(GenericNeovim):
    """It draws hints again when the server says so."""

    name = "nvim-0.12"

    def configure(self) -> None:
        start, keys, _ = _without_plugin()
        self.init = start + keys
        super().configure()


class GenericNeovim010(GenericNeovim):
    """It needs a handler to draw hints again."""

    name = "nvim-0.10"

    def configure(self) -> None:
        _, keys, refresh = _without_plugin()
        self.init = _START_010 + keys + refresh
        super().configure()


_START_010 = """
vim.api.nvim_create_autocmd("FileType", {
  pattern = "python",
  callback = function()
    vim.lsp.start({ name = "rdit", cmd = { "rdit-lsp" } })
  end,
})
vim.lsp.inlay_hint.enable()
"""


def _without_plugin() -> list[str]:
    """The README's Lua for doing without the plugin: start, keys, and the handler for 0.10."""
    section = (PLUGIN / "README.md").read_text().split("## Without this plugin")[1]
    return _LUA_BLOCK.findall(section)
