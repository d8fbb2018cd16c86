"""Emacs, with editors/emacs/rdit.el on top of Eglot."""

# ruff: noqa: D102 - what each method does is said once, in Editor.

from __future__ import annotations

import json
from typing import TYPE_CHECKING, ClassVar

from rdit_editors.editor import ROOT, Editor, program

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rdit_editors.editor import Action

_INIT = f"""
(setq inhibit-startup-screen t make-backup-files nil create-lockfiles nil auto-save-default nil
      native-comp-jit-compilation nil python-indent-guess-indent-offset nil
      eldoc-echo-area-use-multiline-p nil suggest-key-bindings nil frame-background-mode 'dark)
(frame-set-background-mode nil)
(add-to-list 'load-path {json.dumps(str(ROOT / "editors" / "emacs"))})
(require 'rdit)
(add-hook 'python-base-mode-hook #'rdit-ensure)
"""


class Emacs(Editor):
    """Commands by their names, as M-x runs them."""

    name = "emacs"
    answers_input = True
    actions: ClassVar[Mapping[Action, str]] = {
        "file": "rdit-run-file",
        "update": "rdit-update",
        "statement": "rdit-run-statement",
        "interrupt": "rdit-interrupt",
    }

    def arguments(self) -> list[str]:
        return [program(self.name), "-nw", str(self.document)]

    def configure(self) -> None:
        self.configuration("emacs", "init.el").write_text(_INIT)

    def wait_until_served(self) -> None:
        self.sees(self.document.name, "[eglot")

    def do(self, action: Action) -> None:
        self.command(self.actions[action])

    def go_to(self, line: int) -> None:
        self._evaluate(f"(progn (goto-char (point-min)) (forward-line {line - 1}))")

    def replace_line(self, line: int, text: str) -> None:
        # Typing it would indent it anew. And no key may fail, as C-k does on an empty line at the end:
        # Emacs then throws away what has been typed since.
        self.go_to(line)
        replace = "(delete-region (line-beginning-position) (line-end-position))"
        self._evaluate(f"(progn {replace} (insert {json.dumps(text, ensure_ascii=False)}))")

    def undo(self) -> None:
        self.command("undo")

    def hover(self, line: int) -> None:
        self.go_to(line)
        self.command("eldoc")

    def close_hover(self) -> None:
        self.command("delete-other-windows")

    def show_diagnostic(self, line: int) -> None:
        self.go_to(line)
        self.command("flymake-show-buffer-diagnostics")

    def leave(self) -> None:
        self.command("kill-emacs")

    def command(self, name: str) -> None:
        """Run a command by its name."""
        self.terminal.send(f"\x1bx{name}\r")

    def _evaluate(self, expression: str) -> None:
        self.terminal.send(f"\x1b:{expression}\r")
