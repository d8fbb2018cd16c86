"""The plugin in Neovim: the scenes of every editor, and what only the plugin has."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from rdit_editors.editor import python_with_libraries
from rdit_editors.neovim import PluginNeovim, PluginNeovim010, PluginNeovim012
from rdit_editors.scenes import SCENES, Scene
from rdit_editors.stage import on_stage

if TYPE_CHECKING:
    from pathlib import Path

each_neovim = pytest.mark.parametrize(
    "kind", [PluginNeovim012, PluginNeovim010], ids=lambda kind: kind.name
)


@each_neovim
@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.__name__)
def test_scene(kind: type[PluginNeovim], scene: Scene, tmp_path: Path) -> None:
    """Whatever any editor shows, Neovim with the plugin shows, too."""
    with on_stage(kind, tmp_path) as neovim:
        scene(neovim)


DEMO = "base = 6\nbase * 7\nfor i in range(5):\n    print('row', i)\n\n1 / 0\n'never' * 2\n"


@each_neovim
def test_signs_tell_every_state(kind: type[PluginNeovim], tmp_path: Path) -> None:
    """The sign column tells what is fresh from what is stale."""
    with on_stage(kind, tmp_path) as neovim:
        neovim.open(DEMO)
        neovim.run_file()
        neovim.sees("1 / 0", "✗ ZeroDivisionError")
        neovim.terminal.wait_for_match(r"^✓ base \* 7")
        neovim.replace_line(1, "base = 5")
        neovim.terminal.wait_for_match(r"^≈ base \* 7")


@each_neovim
def test_sign_is_not_hidden_by_the_diagnostic_of_its_own_error(
    kind: type[PluginNeovim], tmp_path: Path
) -> None:
    """Neovim's sign for an error says less than the plugin's, also once that is stale or sorted."""
    with on_stage(kind, tmp_path) as neovim:
        neovim.init = "vim.diagnostic.config({ severity_sort = true })"
        neovim.open(DEMO)
        neovim.run_file()
        neovim.command(
            "lua vim.wait(60000, function() return #vim.diagnostic.get(0) == 1 end) "
            "vim.cmd.redraw() print('diagnosed')"
        )
        neovim.terminal.wait_for_match("^diagnosed")
        neovim.terminal.wait_for_match(r"^✗ 1 / 0")
        neovim.replace_line(1, "base = 5")
        neovim.terminal.wait_for_match(r"^≈ 1 / 0")


@each_neovim
def test_variables_are_listed(kind: type[PluginNeovim], tmp_path: Path) -> None:
    """`:Rdit variables` shows names, types and values; and of which state, while code runs."""
    with on_stage(kind, tmp_path) as neovim:
        neovim.open("base = 6; import sys\nword = 'a\\nb'\nwhile word: pass\n")
        neovim.command("Rdit variables")
        neovim.sees("There are no variables yet.")
        neovim.command("2Rdit here")
        neovim.terminal.wait_for_match(r"^✓ word")
        neovim.command("Rdit variables")
        neovim.sees("base: int = 6")
        neovim.sees(r"word: str = 'a\nb'")
        neovim.sees_match(r"sys: module\b(?! =)")
        neovim.close_hover()
        neovim.sees_no("base: int = 6")
        neovim.command("3Rdit statement")
        neovim.terminal.wait_for_match("^▶ while word")
        neovim.command("Rdit variables")
        neovim.sees_match("Variables (while line 3 runs|after line 2):")
        neovim.close_hover()
        neovim.sees_no("Variables")
        neovim.interrupt()
        neovim.terminal.wait_for_match("^■ while word")


def notification(*results: str, **fields: object) -> str:
    """An Ex command that hands the plugin a notification, as the server's would come in."""
    rest = "".join(f", {name} = {json.dumps(value)}" for name, value in fields.items())
    return (
        "lua require('rdit.results').receive({ uri = vim.uri_from_bufnr(0), state = 'idle'"
        f"{rest}, results = {{ {', '.join(results)} }} }}, 1)"
    )


def result(index: int, line: int, look: str, summary: str = "", status: str = "") -> str:
    """A statement's result on one line, as a Lua table."""
    status = status or {"fresh": "ok"}.get(look, look)
    return (
        f"{{ nodeIndex = {index}, lineStart = {line}, lineEnd = {line}, status = '{status}', "
        f"look = '{look}', summary = '{summary}', output = {{}} }}"
    )


@each_neovim
def test_the_server_decides_how_a_result_looks(kind: type[PluginNeovim], tmp_path: Path) -> None:
    """What is drawn is its look, not its status; a look that is not known does not pass for fresh."""
    with on_stage(kind, tmp_path) as neovim:
        neovim.open("first\nsecond\nthird\n")
        told = (
            result(0, 1, "stopped", "exit 0", status="exit"),
            result(1, 2, "fresh", "42", status="error"),
            result(2, 3, "provisional", "43", status="ok"),
        )
        neovim.command(notification(*told))
        neovim.terminal.wait_for_match("^■ first ■ exit 0")
        neovim.terminal.wait_for_match("^✓ second → 42")
        neovim.terminal.wait_for_match("^≈ third ~ 43")


@each_neovim
def test_not_run_is_told_once_something_has_run(kind: type[PluginNeovim], tmp_path: Path) -> None:
    """A statement that has not run has a sign among others that have, and none by itself."""
    with on_stage(kind, tmp_path) as neovim:
        neovim.open("first\nsecond\n")
        neovim.command(notification(result(0, 1, "notRun"), result(1, 2, "notRun")))
        neovim.command("echo 'told'")
        neovim.terminal.wait_for_match("^told")
        neovim.terminal.wait_for_match("^first")
        neovim.command(notification(result(0, 1, "fresh", "one")))
        neovim.terminal.wait_for_match("^✓ first → one")
        neovim.terminal.wait_for_match("^· second")


@each_neovim
def test_results_that_are_gone_are_taken_away(kind: type[PluginNeovim], tmp_path: Path) -> None:
    """`count` ends the list of statements, and a `full` list is all there is."""
    with on_stage(kind, tmp_path) as neovim:
        neovim.open("first\nsecond\nthird\n")
        shown = [result(line - 1, line, "fresh", f"number {line}") for line in (1, 2, 3)]
        neovim.command(notification(*shown))
        neovim.sees("third → number 3")
        neovim.command(notification(count=2))
        neovim.sees_no("third → number 3")
        neovim.sees("first → number 1")
        neovim.command(notification(shown[1], full=True))
        neovim.sees_no("first → number 1")
        neovim.sees("second → number 2")


@each_neovim
def test_old_news_stay_with_their_line(kind: type[PluginNeovim], tmp_path: Path) -> None:
    """A notification about an older text updates a result where its line is now."""
    with on_stage(kind, tmp_path) as neovim:
        neovim.open("first\nsecond\n")
        neovim.command(notification(result(1, 2, "running", "half")))
        neovim.sees("second ⋯ half")
        neovim.command("call append(0, 'above')")
        neovim.command(notification(result(1, 2, "fresh", "whole"), version=1))
        neovim.sees("second → whole")


@each_neovim
def test_marks_have_groups_of_their_own(kind: type[PluginNeovim], tmp_path: Path) -> None:
    """A value and an error are drawn in different colours as well as with different marks."""
    with on_stage(kind, tmp_path) as neovim:
        neovim.open(DEMO)
        neovim.run_file()
        colours = set()
        for shown in ("→ 42", "✗ ZeroDivisionError"):
            neovim.sees(shown)
            row = next(n for n, line in enumerate(neovim.terminal.lines) if shown in line)
            colours.add(neovim.terminal.style(row, neovim.terminal.lines[row].index(shown)))
        assert len(colours) == 2


@each_neovim
def test_output_window_follows_the_cursor(kind: type[PluginNeovim], tmp_path: Path) -> None:
    """The window has the complete output of the statement under the cursor, and closes again."""
    with on_stage(kind, tmp_path) as neovim:
        neovim.open(DEMO)
        neovim.run_file()
        neovim.sees("1 / 0", "ZeroDivisionError")
        neovim.command("4")
        neovim.command("Rdit output")
        neovim.sees("demo.py, lines 3\N{EN DASH}4: ok")
        neovim.sees("row 2")
        neovim.command("2")
        neovim.sees("demo.py, line 2: ok")
        neovim.sees_no("row 2")
        neovim.command("Rdit output")
        neovim.sees_no("demo.py, line 2: ok")


@each_neovim
def test_output_window_jumps_to_the_place_of_an_error(
    kind: type[PluginNeovim], tmp_path: Path
) -> None:
    """Enter on a line of the traceback goes to that line of the document."""
    with on_stage(kind, tmp_path) as neovim:
        neovim.open("def fail():\n    1 / 0\n\n\nfail()\n")
        neovim.run_file()
        neovim.sees("fail()", "ZeroDivisionError")
        neovim.command("5")
        neovim.command("Rdit output")
        neovim.sees("in fail")
        neovim.command("wincmd j")
        neovim.terminal.send("/in fail\r\r")
        neovim.command("echo 'at line' line('.') 'of' expand('%:t')")
        neovim.sees("at line 2 of demo.py")


@each_neovim
def test_lines_below_are_shown_on_demand(kind: type[PluginNeovim], tmp_path: Path) -> None:
    """`:Rdit lines` shows longer output in place, up to a limit, and takes it away again."""
    with on_stage(kind, tmp_path) as neovim:
        neovim.open(DEMO)
        neovim.run_file()
        neovim.sees("1 / 0", "ZeroDivisionError")
        neovim.command("Rdit lines 3")
        neovim.sees("row 2")
        neovim.sees("2 more, see :Rdit output")
        neovim.command("Rdit lines 0")
        neovim.sees_no("row 2")


@each_neovim
def test_drawn_results_move_with_their_lines(kind: type[PluginNeovim], tmp_path: Path) -> None:
    """A line inserted above moves a result, and leaves it fresh."""
    with on_stage(kind, tmp_path) as neovim:
        neovim.open(DEMO)
        neovim.run_file()
        neovim.sees("base * 7", "→ 42")
        neovim.terminal.send(":1\rO# a comment\x1b")
        neovim.sees("# a comment")
        neovim.sees("base * 7", "→ 42")
        neovim.terminal.send(":3\rdd")
        neovim.sees_no("→ 42")


@each_neovim
def test_suggested_keys_are_mapped_when_wanted(kind: type[PluginNeovim], tmp_path: Path) -> None:
    """`keymaps = true` maps the suggested keys, in normal and in visual mode."""
    with on_stage(kind, tmp_path) as neovim:
        neovim.init = 'require("rdit").setup({ keymaps = true })'
        neovim.open("base = 6\nbase * 7\nbase * 8\n")
        neovim.terminal.send(" rf")
        neovim.sees("base * 8", "48")
        neovim.replace_line(1, "base = 10")
        neovim.sees("base * 7", "~ 42")
        neovim.terminal.send("ggVj rr")
        neovim.sees("base * 7", "70")


@each_neovim
def test_commands_take_a_line(kind: type[PluginNeovim], tmp_path: Path) -> None:
    """A line given to `:Rdit here` is the last one that runs."""
    with on_stage(kind, tmp_path) as neovim:
        neovim.open("base = 6\nbase * 7\nbase * 8\n")
        neovim.command("2Rdit here")
        neovim.sees("base * 7", "42")
        assert not neovim.terminal.row_with("48")
        neovim.command("3Rdit statement")
        neovim.sees("base * 8", "48")


@each_neovim
def test_clear_and_reset_take_results_away(kind: type[PluginNeovim], tmp_path: Path) -> None:
    """`:Rdit clear` hides what is drawn; `:Rdit reset` forgets it."""
    with on_stage(kind, tmp_path) as neovim:
        neovim.open("base = 6\nbase * 7\n")
        neovim.run_file()
        neovim.sees("base * 7", "42")
        neovim.command("Rdit clear")
        neovim.sees_no("42")
        neovim.run_file()
        neovim.sees("base * 7", "42")
        neovim.command("Rdit reset")
        neovim.sees_no("42")


@each_neovim
def test_statusline_and_status_tell_the_state(kind: type[PluginNeovim], tmp_path: Path) -> None:
    """The statusline counts errors; `:Rdit status` names the process."""
    with on_stage(kind, tmp_path) as neovim:
        neovim.init = (
            """vim.o.statusline = vim.o.statusline .. " %{v:lua.require'rdit'.statusline()}" """
        )
        neovim.open("1 / 0\n")
        neovim.run_file()
        neovim.sees("rdit: idle, 1 error")
        neovim.command("Rdit status")
        neovim.terminal.wait_for_match(r"demo.py: idle, Python 3\.\d+.*process \d+")


@each_neovim
def test_health_asks_the_server(kind: type[PluginNeovim], tmp_path: Path) -> None:
    """`:checkhealth rdit` gets an answer from the running server."""
    with on_stage(kind, tmp_path) as neovim:
        neovim.open("1\n")
        neovim.command("checkhealth rdit")
        neovim.sees("OK", "The server answers; its version is")


@each_neovim
def test_mistakes_are_told_in_a_sentence(kind: type[PluginNeovim], tmp_path: Path) -> None:
    """An unknown subcommand, a buffer without a server, and arguments that are none."""
    with on_stage(kind, tmp_path) as neovim:
        neovim.open("1\n")
        neovim.command("Rdit nonsense")
        neovim.sees('rdit has no "nonsense"; it has: below')
        # The sentence is longer than a row, so Neovim waits for a key.
        neovim.terminal.send("\r")
        neovim.command("enew")
        neovim.command("Rdit file")
        neovim.sees("rdit is not attached to this buffer, which is no Python file.")
        neovim.command("Rdit lines many")
        neovim.sees('"many" is no number of lines.')


@each_neovim
def test_every_subcommand_is_completed_and_documented(
    kind: type[PluginNeovim], tmp_path: Path
) -> None:
    """Completion offers what there is, and the help file has a tag for each."""
    with on_stage(kind, tmp_path) as neovim:
        neovim.open("1\n")
        neovim.command("helptags ALL")
        neovim.command(
            "lua for _, name in ipairs(vim.fn.getcompletion('Rdit ', 'cmdline')) do "
            "vim.cmd.help(':Rdit-' .. name) vim.cmd.close() seen = (seen or 0) + 1 end "
            "print('documented: ' .. seen)"
        )
        neovim.terminal.wait_for_match(r"^documented: 27")


@each_neovim
def test_results_of_a_dead_server_are_taken_away(kind: type[PluginNeovim], tmp_path: Path) -> None:
    """Nothing stays beside the code that no server stands behind."""
    with on_stage(kind, tmp_path) as neovim:
        neovim.open("base = 6\nbase * 7\n")
        neovim.run_file()
        neovim.sees("base * 7", "42")
        neovim.command("lua vim.lsp.get_clients()[1].rpc.terminate()")
        neovim.sees_no("42")


def test_server_can_be_enabled_by_its_name(tmp_path: Path) -> None:
    """`vim.lsp.enable("rdit")` is enough on Neovim 0.11 and newer."""
    with on_stage(PluginNeovim012, tmp_path) as neovim:
        neovim.init = 'vim.g.rdit = { autostart = false }; vim.lsp.enable("rdit")'
        neovim.open("base = 6\nbase * 7\n")
        neovim.run_file()
        neovim.sees("base * 7", "42")


@each_neovim
def test_password_is_not_shown(kind: type[PluginNeovim], tmp_path: Path) -> None:
    """getpass() asks, too, and what is typed stays secret."""
    with on_stage(kind, tmp_path) as neovim:
        neovim.open("import getpass\nlen(getpass.getpass('Secret? '))\n")
        neovim.run_file()
        neovim.terminal.wait_for_match(r"^Secret\?")
        neovim.terminal.send("swordfish")
        neovim.terminal.wait_for_match(r"^Secret\? \*{9}")
        neovim.terminal.send("\r")
        neovim.sees("getpass.getpass", "9")


@each_neovim
def test_cancelled_input_is_end_of_file(kind: type[PluginNeovim], tmp_path: Path) -> None:
    """Escape at the prompt tells the program that there is no more input."""
    with on_stage(kind, tmp_path) as neovim:
        neovim.open("input('Who? ')\n")
        neovim.run_file()
        neovim.terminal.wait_for_match(r"^Who\?")
        neovim.terminal.send("\x1b")
        neovim.sees("input(", "EOFError")


@each_neovim
def test_input_of_a_window_that_answers_later(kind: type[PluginNeovim], tmp_path: Path) -> None:
    """Plugins replace vim.ui.input by windows that return at once and answer later."""
    with on_stage(kind, tmp_path) as neovim:
        neovim.init = """vim.ui.input = function(options, done)
            Done = done
            print("later: " .. options.prompt)
        end"""
        neovim.open("input('Who? ') * 2\n")
        neovim.run_file()
        neovim.sees("later: Who?")
        neovim.command("lua Done('bob')")
        neovim.sees("input('Who? ') * 2", "bobbob")


@each_neovim
def test_syntax_error_is_shown_until_it_is_mended(kind: type[PluginNeovim], tmp_path: Path) -> None:
    """A file that does not compile says where; once mended, nothing of the error is left."""
    with on_stage(kind, tmp_path) as neovim:
        neovim.open("base = 6\nbase *\n")
        neovim.run_file()
        neovim.sees("base *", "SyntaxError")
        neovim.replace_line(2, "base * 7")
        neovim.update()
        neovim.sees("base * 7", "→ 42")
        neovim.sees_no("SyntaxError")


@each_neovim
def test_statements_that_share_a_line(kind: type[PluginNeovim], tmp_path: Path) -> None:
    """Both results stand at the end of the line, in their order."""
    with on_stage(kind, tmp_path) as neovim:
        neovim.open("print('a' * 3); print('b' * 3)\n")
        neovim.run_file()
        neovim.sees("print('b' * 3)", "→ aaa", "→ bbb")


@each_neovim
def test_cell_and_below(kind: type[PluginNeovim], tmp_path: Path) -> None:
    """A cell runs from its marker to the next; `below` runs from the line to the end."""
    with on_stage(kind, tmp_path) as neovim:
        neovim.open("1 + 10\n# %% two\n2 + 20\n# %% three\n3 + 30\n4 + 40\n")
        neovim.command("3Rdit cell")
        neovim.sees("2 + 20", "22")
        assert not neovim.terminal.row_with("11")
        assert not neovim.terminal.row_with("33")
        neovim.command("6Rdit below")
        neovim.sees("4 + 40", "44")
        assert not neovim.terminal.row_with("33")


@each_neovim
def test_drawing_can_be_left_to_inlay_hints(kind: type[PluginNeovim], tmp_path: Path) -> None:
    """With `draw = false` the same results are Neovim's own inlay hints, and stay up to date."""
    with on_stage(kind, tmp_path) as neovim:
        neovim.init = 'require("rdit").setup({ draw = false })'
        neovim.open("base = 6\nbase * 7\n")
        neovim.run_file()
        neovim.sees("base * 7", "→ 42")
        neovim.replace_line(1, "base = 10")
        neovim.sees("base * 7", "~ 42")
        neovim.update()
        neovim.sees("base * 7", "→ 70")


@each_neovim
def test_hints_of_this_server_stay_off_while_the_plugin_draws(
    kind: type[PluginNeovim], tmp_path: Path
) -> None:
    """A user who switches all inlay hints on sees each result once."""
    with on_stage(kind, tmp_path) as neovim:
        neovim.init = "vim.lsp.inlay_hint.enable()"
        neovim.open("base = 6\nbase * 7\n")
        neovim.run_file()
        neovim.sees("base * 7", "42")
        assert neovim.sees("base * 7").count("42") == 1


@each_neovim
def test_reading_the_file_anew_keeps_the_results_right(
    kind: type[PluginNeovim], tmp_path: Path
) -> None:
    """`:edit!` is a new document to the server; nothing is drawn twice or at the wrong line."""
    with on_stage(kind, tmp_path) as neovim:
        neovim.open("base = 6\nbase * 7\n")
        neovim.run_file()
        neovim.sees("base * 7", "42")
        neovim.document.write_text("# above\nbase = 6\nbase * 7\nbase * 8\n")
        neovim.command("edit!")
        neovim.sees("# above")
        neovim.run_file()
        neovim.sees("base * 8", "→ 48")
        assert neovim.sees("base * 7", "→ 42").count("42") == 1


@each_neovim
def test_two_documents_have_programs_of_their_own(kind: type[PluginNeovim], tmp_path: Path) -> None:
    """One server serves both, and each one's results are in its own buffer."""
    with on_stage(kind, tmp_path) as neovim:
        neovim.open("base = 6\nbase * 7\n")
        neovim.run_file()
        neovim.sees("base * 7", "42")
        (neovim.document.parent / "other.py").write_text("'base' in globals()\n")
        neovim.command("split other.py")
        neovim.sees("other.py", "1 servers")
        neovim.run_file()
        neovim.sees("'base' in globals()", "False")
        neovim.sees("base * 7", "42")
        neovim.command("echo 'clients:' luaeval('#vim.lsp.get_clients()')")
        neovim.sees("clients: 1")


@each_neovim
def test_nothing_to_interrupt_is_said(kind: type[PluginNeovim], tmp_path: Path) -> None:
    """An interrupt that finds nothing says so."""
    with on_stage(kind, tmp_path) as neovim:
        neovim.open("1\n")
        neovim.interrupt()
        neovim.sees("Nothing is running.")


@each_neovim
def test_much_output_leaves_the_editor_usable(kind: type[PluginNeovim], tmp_path: Path) -> None:
    """While a statement floods its output, commands are carried out, interrupts among them."""
    with on_stage(kind, tmp_path) as neovim:
        neovim.open("i = 0\nwhile True: i += 1; print('line', i)\n")
        neovim.run_file()
        neovim.terminal.wait_for_match(r"print\('line', i\).*line \d+")
        neovim.command("Rdit output")
        neovim.sees("demo.py, line 1: ok")
        neovim.interrupt()
        neovim.sees("print('line', i)", "interrupted")


@each_neovim
def test_health_says_how_to_get_the_server(kind: type[PluginNeovim], tmp_path: Path) -> None:
    """Without the command, `:checkhealth rdit` says what to do."""
    with on_stage(kind, tmp_path) as neovim:
        neovim.init = 'vim.g.rdit = { cmd = { "no-such-server" }, autostart = false }'
        neovim.open_unserved("1\n")
        neovim.command("checkhealth rdit")
        neovim.sees('There is no command "no-such-server".')
        neovim.sees("uv tool install rdit-lsp")


def test_wrong_options_are_named(tmp_path: Path) -> None:
    """An option that is not one, or has a value of the wrong type, is told by its name."""
    with on_stage(PluginNeovim012, tmp_path) as neovim:
        neovim.init = "vim.g.rdit = { signs = 3, sings = true }"
        neovim.open_unserved("1\n")
        neovim.sees('rdit has no option "sings"')
        neovim.sees('option "signs" must be a table')
        # The sentence is longer than a row, so Neovim waits for a key.
        neovim.terminal.send("\r")
        neovim.wait_until_served()
        neovim.run_file()
        neovim.terminal.wait_for_match("^✓ 1")


OTHER = """
vim.lsp.start({
  name = "other",
  cmd = function()
    return {
      request = function(method, _, callback)
        local capabilities = { completionProvider = { triggerCharacters = { "." } } }
        callback(nil, method == "initialize" and { capabilities = capabilities } or nil)
        return true, 1
      end,
      notify = function() return true end,
      is_closing = function() return false end,
      terminate = function() end,
    }
  end,
})
"""


@each_neovim
def test_another_server_that_completes(kind: type[PluginNeovim], tmp_path: Path) -> None:
    """Everything would be offered twice."""
    settings = "vim.lsp.get_clients({ name = 'rdit' })[1].settings.rdit"
    tell = f"lua print('other: ' .. tostring({settings}.otherServer))"
    (tmp_path / "other.lua").write_text(OTHER)
    with on_stage(kind, tmp_path) as neovim:
        neovim.open("1\n")
        neovim.run_file()
        neovim.sees("→ 1")
        neovim.command(tell)
        neovim.sees("other: nil")
        neovim.command(f"luafile {tmp_path / 'other.lua'}")
        neovim.command(tell)
        neovim.sees("other: true")


@each_neovim
def test_command_waits_for_the_server(kind: type[PluginNeovim], tmp_path: Path) -> None:
    """What is asked for as soon as the file is there would fail, and be asked for again and again."""
    with on_stage(kind, tmp_path) as neovim:
        program, document = neovim.arguments()
        neovim.arguments = lambda: [program, "+2Rdit here", document]  # type: ignore[method-assign]  # As a user starts it.
        neovim.open_unserved("base = 6\nbase * 7\nbase * 8\n")
        neovim.sees("base * 7", "→ 42")
        neovim.command("echo 'there'")
        neovim.sees("there")
        assert not neovim.terminal.row_with("48")


@each_neovim
def test_keys_are_there_before_the_server(kind: type[PluginNeovim], tmp_path: Path) -> None:
    """The keys would be Neovim's own until then, and edit the file."""
    with on_stage(kind, tmp_path) as neovim:
        neovim.init = 'require("rdit").setup({ keymaps = true })'
        neovim.open_unserved("import time\n6 * 7\n")
        neovim.sees("import time")
        neovim.terminal.send(" rf")
        neovim.sees("6 * 7", "→ 42")
        neovim.sees("import time")


@each_neovim
@pytest.mark.parametrize(
    ("server", "sentence"),
    [("no-such-server", "server is not installed"), ("false", "server has ended as it started")],
)
def test_command_without_a_server_says_so(
    kind: type[PluginNeovim], server: str, sentence: str, tmp_path: Path
) -> None:
    """One would wait for a server that never comes."""
    with on_stage(kind, tmp_path) as neovim:
        program, document = neovim.arguments()
        neovim.arguments = lambda: [program, "+Rdit file", document]  # type: ignore[method-assign]  # As a user starts it.
        neovim.init = f'require("rdit").setup({{ cmd = {{ "{server}" }} }})'
        neovim.open_unserved("1\n")
        neovim.sees(sentence)
        # Neovim says as much itself, and waits for a key.
        neovim.terminal.send("\r")


@each_neovim
def test_buffer_that_is_named_later(kind: type[PluginNeovim], tmp_path: Path) -> None:
    """Neovim itself does not open it again under its name, so nothing of it could run."""
    with on_stage(kind, tmp_path) as neovim:
        program, _ = neovim.arguments()
        neovim.arguments = lambda: [program]  # type: ignore[method-assign]  # As a user starts it.
        neovim.open_unserved(None)
        neovim.command("set filetype=python")
        neovim.sees("1 servers")
        neovim.terminal.send("i6 * 7\x1b")
        neovim.command("Rdit file")
        neovim.sees("give this buffer a name first")
        neovim.command("write new.py")
        neovim.run_file()
        neovim.sees("6 * 7", "→ 42")
        neovim.replace_line(1, "6 * 8")
        neovim.update()
        neovim.sees("6 * 8", "→ 48")


@each_neovim
def test_evaluate(kind: type[PluginNeovim], tmp_path: Path) -> None:
    """To ask the program anything, one would have to write it into the file."""
    with on_stage(kind, tmp_path) as neovim:
        neovim.open("rows = [1, 2]\nrows + [3]\n")
        neovim.command("Rdit eval len(rows)")
        neovim.sees("demo.py has not run")
        neovim.run_file()
        neovim.sees("→ [1, 2, 3]")
        neovim.command("Rdit eval rows.append(5) or len(rows)")
        neovim.terminal.wait_for_match("^3 *$")
        neovim.command("Rdit eval nowhere")
        neovim.sees("NameError: name 'nowhere' is not defined")
        neovim.command("Rdit eval [str(n) * 40 for n in rows * 2]")
        neovim.terminal.wait_for_match("^│?.*'1111")
        neovim.close_hover()
        neovim.command("Rdit eval")
        neovim.sees("Give an expression")
        neovim.terminal.send("gg0f[v%:Rdit eval\r")
        neovim.terminal.wait_for_match(r"^\[1, 2\] *$")


@each_neovim
def test_export_and_import(kind: type[PluginNeovim], tmp_path: Path) -> None:
    """A page or a notebook could only be had in a shell, and would run everything again."""
    with on_stage(kind, tmp_path) as neovim:
        neovim.open("6 * 7\n")
        neovim.run_file()
        neovim.sees("→ 42")
        neovim.command("Rdit export")
        neovim.sees("Exported to demo.html.")
        assert "42" in neovim.document.with_suffix(".html").read_text()
        neovim.command("Rdit export there.ipynb")
        neovim.sees("Exported to there.ipynb.")
        neovim.command("Rdit export pdf")
        neovim.sees("The format is one of html, ipynb, md, py.")
        neovim.command("Rdit import there.ipynb")
        neovim.sees("there.py", "1 servers")
        neovim.sees("6 * 7")


def test_health_names_the_keys_that_are_taken(tmp_path: Path) -> None:
    """`keymaps` would take the user's own keys in silence."""
    with on_stage(PluginNeovim012, tmp_path) as neovim:
        neovim.init = (
            'vim.keymap.set("n", "<leader>rs", "<cmd>echo 1<cr>") '
            'require("rdit").setup({ keymaps = true })'
        )
        neovim.open("1\n")
        neovim.command("enew | checkhealth rdit")
        neovim.sees("hides mappings of yours: n <leader>rs")


@each_neovim
def test_text_is_cut_to_the_window(kind: type[PluginNeovim], tmp_path: Path) -> None:
    """Half a value would pass for the whole, or a long line hide it altogether."""
    with on_stage(kind, tmp_path) as neovim:
        long = "x" * 95
        neovim.open(f"list(range(60))\n{long} = 'there'; {long}\n")
        neovim.run_file()
        neovim.sees_match(r"list\(range\(60\)\) → \[0, 1, 2.*[^ ]…$")
        neovim.sees_match(r"^ *→ 'there'$")
        neovim.command("vsplit")
        neovim.sees_match(r"list\(range\(60\)\) → \[0, 1, 2.*[^ ]… ?│")
        neovim.command("only")
        neovim.sees_match(r"list\(range\(60\)\) → \[0, 1, 2.*23.*…$")
        neovim.replace_line(2, "1")
        neovim.terminal.send("ggA # a comment that is there\x1b")
        neovim.sees_match(r"# a comment that is there → \[0, 1, 2.*…$")


def test_tables_are_shown_below(tmp_path: Path) -> None:
    """A table that says only its shape has to be opened to be seen."""
    with on_stage(PluginNeovim012, tmp_path) as neovim:
        neovim.use(python_with_libraries())
        table = "import pandas\npandas.DataFrame({'amount': range(100, 130)})\n"
        neovim.open(table + "pandas.Series([1, 2]).to_numpy()\n")
        neovim.run_file()
        neovim.sees("DataFrame 30 × 1")
        neovim.sees_match(r"^ +4 +104$")
        neovim.sees("… 25 more, see :Rdit output")
        neovim.sees("to_numpy()", "[1, 2]")


@each_neovim
def test_what_takes_long_has_a_clock(kind: type[PluginNeovim], tmp_path: Path) -> None:
    """It would look as if it hung; and what waits for it as if nothing had been asked for."""
    with on_stage(kind, tmp_path) as neovim:
        neovim.open("while True: pass\n")
        neovim.run_file()
        neovim.sees_match(r"⋯ running [2-9] s")
        neovim.run_file()
        neovim.sees("this waits for what runs")
        neovim.interrupt()
        neovim.sees("interrupted")


@each_neovim
def test_what_a_program_says_before_it_asks(kind: type[PluginNeovim], tmp_path: Path) -> None:
    """A debugger's answers would be nowhere on the screen."""
    with on_stage(kind, tmp_path) as neovim:
        neovim.open("def f():\n    print('one')\n    print('two')\n    input('Who? ')\nf()\n")
        neovim.run_file()
        neovim.terminal.wait_for_match("^one")
        neovim.terminal.wait_for_match("^two")
        neovim.answer("me")
        neovim.command("echo 'over'")
        neovim.terminal.wait_for_match("^over")


@each_neovim
def test_output_window_has_the_end_of_an_error(kind: type[PluginNeovim], tmp_path: Path) -> None:
    """A library's own frames would be all that is seen of its traceback."""
    with on_stage(kind, tmp_path) as neovim:
        deep = "\n".join(f"def f{n}(): f{n - 1}()" for n in range(1, 15))
        neovim.open(f"def f0(): raise KeyError('no such')\n{deep}\nf14()\n")
        neovim.run_file()
        neovim.command("$ | Rdit output")
        neovim.terminal.wait_for_match("^KeyError: 'no such'")
        neovim.command("Rdit output")
        neovim.command("Rdit lines 2")
        neovim.terminal.wait_for_match("^    KeyError: 'no such'")


@each_neovim
def test_error_is_on_its_line_once(kind: type[PluginNeovim], tmp_path: Path) -> None:
    """With the text of diagnostics beside the lines it would be there twice."""
    with on_stage(kind, tmp_path) as neovim:
        neovim.init = "vim.diagnostic.config({ virtual_text = true })"
        neovim.open("1 / 0\n")
        neovim.run_file()
        neovim.command(
            "lua vim.wait(60000, function() return #vim.diagnostic.get(0) == 1 end) "
            "vim.cmd.redraw() print('diagnosed')"
        )
        neovim.terminal.wait_for_match("^diagnosed")
        assert neovim.sees("1 / 0").count("division by zero") == 1
