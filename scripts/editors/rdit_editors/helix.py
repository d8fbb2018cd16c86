"""Helix, with the configuration that editors/helix has for its users."""

# ruff: noqa: D102 - what each method does is said once, in Editor.

from __future__ import annotations

import re
import shutil
import time
from typing import TYPE_CHECKING, ClassVar

from rdit_editors.editor import ROOT, Editor, program
from rdit_editors.terminal import LIMIT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from rdit_editors.editor import Action

_F5, _F6, _ESCAPE, _DOWN = "\x1b[15~", "\x1b[17~", "\x1b", "\x1b[B"

_NO_ACTIONS = "No configured language server supports code actions"
"""What Helix says while its server is starting."""

_PAUSE = 0.2
"""Seconds without a key in which Helix hears of its server."""

_LOST = 2.0
"""Seconds after which a key that had no effect counts as lost."""

_PRESSES = 30
"""How often a key is pressed that Helix may not take."""


class Helix(Editor):
    """Helix asks for new hints when they are switched off and on, so seeing does that."""

    name = "helix"
    actions: ClassVar[Mapping[Action, str]] = {
        "file": "rdit: Run the file",
        "update": "rdit: Update: run what is stale",
        "statement": "rdit: Run this statement",
        "interrupt": "rdit: Interrupt",
    }

    def arguments(self) -> list[str]:
        return [program(self.name), str(self.document)]

    def configure(self) -> None:
        for file in ("config.toml", "languages.toml"):
            shutil.copy(ROOT / "editors" / "helix" / file, self.configuration("helix", file))

    def wait_until_served(self) -> None:
        # Nothing on the screen tells when a server is there but what it answers. Helix looks at keys
        # before it looks at its servers' messages: asking again at once, it would never hear of it.
        until = time.monotonic() + LIMIT
        while not self._ask_for_actions():
            assert time.monotonic() < until, f"no code actions:\n{self.terminal.text}"
            self._try(lambda: self.terminal.wait_until_gone(_NO_ACTIONS, limit=_PAUSE))
        self._close()

    def sees_match(self, pattern: str) -> re.Match[str]:
        until = time.monotonic() + LIMIT
        while time.monotonic() < until:
            self._ask_for_hints()
            if self._try(lambda: self.terminal.wait_for_match(pattern, limit=1)):
                break
        return self.terminal.wait_for_match(pattern, limit=1)

    def do(self, action: Action) -> None:
        self.act(self.actions[action])

    def go_to(self, line: int) -> None:
        self.terminal.send(f":{line}\r")

    def replace_line(self, line: int, text: str) -> None:
        self.go_to(line)
        self.terminal.send("ghvglc")
        self.terminal.wait_for_match(r"^\s*INS")
        # Pasted: Helix would pair the brackets that are typed.
        self.terminal.send(f"\x1b[200~{text}\x1b[201~")
        self._to_normal_mode()
        # Back to the first column, or a long hint has scrolled the line away.
        self.terminal.send("gh")

    def undo(self) -> None:
        # One for what was pasted, one for what was there before.
        self.terminal.send("uu")

    def hover(self, line: int) -> None:
        self.go_to(line)
        self.terminal.send(" k")

    def close_hover(self) -> None:
        self._close()

    def show_diagnostic(self, line: int) -> None:
        self.go_to(line)

    def leave(self) -> None:
        self.terminal.send(":qa!\r")

    def _to_normal_mode(self) -> None:
        self.terminal.send(_ESCAPE)
        # Until it has been read alone, the next key would make a chord with Alt of it.
        self.terminal.wait_for_match(r"^\s*NOR")

    def _close(self) -> None:
        """Close the menu or popup of rdit's that is open.

        That it is gone shows that Escape was read by itself: with the next key it would be a chord.
        """
        until = time.monotonic() + LIMIT
        while True:
            # One that comes while the menu is still being built is lost; one too many does nothing.
            self.terminal.send(_ESCAPE)
            if self._try(lambda: self.terminal.wait_until_gone("rdit: ", limit=_LOST)):
                return
            assert time.monotonic() < until, f"it does not close:\n{self.terminal.text}"

    def act(self, title: str) -> None:
        """Choose a code action by its title."""
        assert self._ask_for_actions(), f"no code actions:\n{self.terminal.text}"
        first = chosen = self._wait_for_other(None)
        while chosen != title:
            self.terminal.send(_DOWN)
            chosen = self._wait_for_other(chosen)
            assert chosen != first, f"{title!r} is not offered:\n{self.terminal.text}"
        self.terminal.send("\r")
        self.terminal.wait_until_gone("rdit: ")

    def _ask_for_actions(self) -> bool:
        """Open the menu of code actions; False if there are none."""
        # The first key takes away what an earlier attempt has said.
        self.terminal.send(" ")
        self.terminal.wait_for("Space")
        self.terminal.send("a")
        # Not the last of them: the menu shows ten at a time.
        row = self.terminal.wait_for_match(rf"rdit: Run from here on|{_NO_ACTIONS}")
        return row[0] == "rdit: Run from here on"

    def _chosen(self) -> str | None:
        """The title that is marked in the menu: the one that looks like no other.

        None while the menu is being drawn.
        """
        found = {}
        for row, line in enumerate(self.terminal.lines):
            if match := re.search(r"rdit: .*?(?=\s{2}|$)", line):
                found[match[0]] = self.terminal.style(row, match.start())
        styles = list(found.values())
        return next((title for title, style in found.items() if styles.count(style) == 1), None)

    def _wait_for_other(self, before: str | None) -> str:
        """Wait until a title other than `before` is marked."""

        def other() -> str | None:
            chosen = self._chosen()
            return chosen if chosen != before else None

        return self.terminal.wait(other, "another title")

    def _ask_for_hints(self) -> None:
        for state in ("false", "true"):
            self._toggle_hints_to(state)

    def _toggle_hints_to(self, state: str) -> None:
        # Helix takes a moment to apply a setting; a key that comes before toggles the old one.
        for _ in range(_PRESSES):
            self.terminal.send(_F6)
            if self._try(lambda: self.terminal.wait_for("inlay-hints", state, limit=1)):
                return
        raise AssertionError(f"hints were not switched to {state}:\n{self.terminal.text}")

    @staticmethod
    def _try(step: Callable[[], object]) -> bool:
        """Whether a wait came to its end in time."""
        try:
            step()
        except AssertionError:
            return False
        return True
