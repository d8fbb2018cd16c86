"""Pictures and results to take away, in Neovim with stand-ins for the plugins that draw."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from rdit_editors.neovim import PluginNeovim, PluginNeovim010, PluginNeovim012
from rdit_editors.stage import on_stage

if TYPE_CHECKING:
    from pathlib import Path

each_neovim = pytest.mark.parametrize(
    "kind", [PluginNeovim012, PluginNeovim010], ids=lambda kind: kind.name
)

PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
DEMO = f"""class A:
    def _repr_png_(self): return "{PNG}"

A()
"text to " + "copy"
"""

OPENER = """
vim.ui.open = function(path)
  print("opened " .. vim.fn.fnamemodify(path, ":e") .. " of " .. vim.fn.getfsize(path))
end
"""

MARKS = """
function Draw(buf, row, words)
  local namespace = vim.api.nvim_create_namespace("artist")
  local lines = { { { words, "Normal" } } }
  local id = vim.api.nvim_buf_set_extmark(buf, namespace, row, 0, { virt_lines = lines })
  return function() vim.api.nvim_buf_del_extmark(buf, namespace, id) end
end
"""

SNACKS = """
package.loaded["snacks"] = { image = {
  supports_terminal = function() return SUPPORTED end,
  supports_file = function(path) return vim.endswith(path, ".png") end,
  terminal = { env = function() return { placeholders = true } end },
  placement = { new = function(buf, path, options)
    assert(options.inline and vim.fn.filereadable(path) == 1)
    local close = Draw(buf, options.pos[1] - 1, "drawn by snacks")
    return { close = close }
  end },
} }
"""

IMAGE_NVIM = """
package.loaded["image"] = {
  is_enabled = function() return true end,
  from_file = function(path, options)
    assert(options.with_virtual_padding and vim.fn.filereadable(path) == 1)
    local close
    return {
      render = function() close = Draw(options.buffer, options.y, "drawn by image.nvim") end,
      clear = function() close() end,
    }
  end,
}
"""

FUNCTION = """
vim.schedule(function()
  require("rdit").setup({ pictures = function(picture)
    return Draw(picture.buf, picture.row, "drawn by me: " .. picture.width .. " wide")
  end })
end)
"""


def show_output(neovim: PluginNeovim) -> None:
    """Run the document and look at what its picture is."""
    neovim.open(DEMO)
    neovim.run_file()
    neovim.sees('"text to " + "copy"', "→ 'text to copy'")
    neovim.command("4")
    neovim.command("Rdit output")
    neovim.sees("[A 1×1] ", ".png")


@each_neovim
def test_picture_is_a_caption_that_opens(kind: type[PluginNeovim], tmp_path: Path) -> None:
    """A terminal without pictures would have nothing but the name of a class."""
    with on_stage(kind, tmp_path) as neovim:
        neovim.init = OPENER
        show_output(neovim)
        neovim.command("Rdit picture")
        neovim.sees("opened png of 70")
        neovim.command("wincmd j")
        neovim.terminal.send("2G\r")
        neovim.sees("opened png of 70")
        neovim.terminal.send("1G\r")
        neovim.sees("Nothing to open on this line.")
        neovim.command("wincmd k")
        neovim.command("5Rdit picture")
        neovim.sees("there is no picture to open at line 5")
        # Neovim may wait for a key after a sentence of this length.
        neovim.terminal.send("\r")


@each_neovim
@pytest.mark.parametrize(
    ("init", "words"),
    [
        (f"{MARKS}SUPPORTED = true{SNACKS}", "drawn by snacks"),
        (f"{MARKS}SUPPORTED = false{SNACKS}{IMAGE_NVIM}", "drawn by image.nvim"),
        (f"{MARKS}SUPPORTED = true{SNACKS}{FUNCTION}", "drawn by me: 1 wide"),
    ],
    ids=["snacks", "image.nvim", "function"],
)
def test_plugin_draws_and_takes_away(
    kind: type[PluginNeovim], init: str, words: str, tmp_path: Path
) -> None:
    """A picture would be missing, or stay where another statement's output is."""
    with on_stage(kind, tmp_path) as neovim:
        neovim.init = init
        show_output(neovim)
        neovim.sees(words)
        neovim.command("5")
        neovim.sees("demo.py, line 5: ok")
        neovim.sees_no(words)
        neovim.command("4")
        neovim.sees(words)
        neovim.command("Rdit output")
        neovim.sees_no(words)


@each_neovim
def test_plugin_that_fails_leaves_the_caption(kind: type[PluginNeovim], tmp_path: Path) -> None:
    """Another release of a plugin would break the whole window."""
    with on_stage(kind, tmp_path) as neovim:
        broken = IMAGE_NVIM.replace("assert(", "error('no such option') assert(")
        neovim.init = MARKS + broken
        show_output(neovim)
        neovim.sees("rdit: image.nvim cannot draw: ")


def test_pictures_can_be_switched_off(tmp_path: Path) -> None:
    """Pictures can be turned off, and a missing plugin is no error to report."""
    with on_stage(PluginNeovim012, tmp_path) as neovim:
        neovim.init = f"{MARKS}SUPPORTED = true{SNACKS}vim.g.rdit = {{ pictures = false }}"
        show_output(neovim)
        neovim.command("checkhealth rdit")
        neovim.sees("The output window has their captions")


@each_neovim
def test_copy(kind: type[PluginNeovim], tmp_path: Path) -> None:
    """A result would have to be typed again to be used elsewhere."""
    with on_stage(kind, tmp_path) as neovim:
        neovim.open(DEMO)
        neovim.run_file()
        neovim.sees('"text to " + "copy"', "→ 'text to copy'")
        neovim.command("5Rdit copy")
        neovim.sees("The result is in the ")
        neovim.command("echo 'unnamed:' getreg('\"')")
        neovim.sees("unnamed: 'text to copy'")
        neovim.command("5Rdit copy a")
        neovim.sees("The result is in register a.")
        neovim.command("echo 'a:' getreg('a')")
        neovim.sees("a: 'text to copy'")
        neovim.command("5Rdit copy nowhere")
        neovim.sees('There is no register "nowhere".')


@each_neovim
def test_code_actions_of_the_server_end_here(kind: type[PluginNeovim], tmp_path: Path) -> None:
    """The server's own way to copy is to open a file."""
    apply = (
        "lua vim.lsp.buf.code_action({{ apply = true, context = {{ only = {{ 'source.rdit' }}, "
        "diagnostics = {{}} }}, filter = function(action) return action.title == 'rdit: {}' end }})"
    )
    with on_stage(kind, tmp_path) as neovim:
        neovim.init = OPENER
        neovim.open(DEMO)
        neovim.run_file()
        neovim.sees('"text to " + "copy"', "→ 'text to copy'")
        neovim.command("5")
        neovim.command(apply.format("Copy the result"))
        neovim.sees("The result is in the ")
        neovim.command("4")
        neovim.command(apply.format("Open the picture"))
        neovim.sees("opened png of 70")
