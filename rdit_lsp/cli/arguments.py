"""The command line: `rdit run`, `watch`, `export`, `import`, `lsp`, `doctor`, and the host's commands.

Reads arguments, calls, and exits; what is run and how it looks is elsewhere. What only one command
needs is imported in that command: importing all of it takes longer than running a short script does.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from rdit_lsp.version import VERSION

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from click.shell_completion import CompletionItem

    from rdit_lsp.cli.startup import StartedScript
    from rdit_lsp.export.model import Format

_FORMATS: tuple[Format, ...] = ("html", "ipynb", "md", "py")
_PASS_ON = {"ignore_unknown_options": True, "allow_interspersed_args": False}


class _Commands(click.Group):
    """The commands, and what to type where a file was named without one."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As `click.Group.resolve_command`."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            if not args[0].endswith(".py") and not os.path.isfile(args[0]):
                raise
            hint = f"{error.message} Did you mean `rdit run {args[0]}`?"
            raise click.UsageError(hint, ctx) from error


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(VERSION, prog_name="rdit")
def main() -> None:
    """Run Python files statement by statement, and show results beside their lines."""


def _files(_: click.Context, __: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Has the shell complete the name of a file, as it does for other commands."""
    from click.shell_completion import CompletionItem  # Only a shell that completes asks.

    return [CompletionItem(incomplete, type="file")]


def _run_options(command: Callable[..., None]) -> Callable[..., None]:
    """The options that say how a file is run."""
    options = (
        click.argument("file", shell_complete=_files),
        click.argument("args", nargs=-1, type=click.UNPROCESSED, shell_complete=_files),
        click.option(
            "--python",
            metavar="CMD",
            shell_complete=_files,
            help="Interpreter, or its command line.",
        ),
        click.option(
            "--cwd",
            type=click.Path(path_type=Path, file_okay=False),
            help="Working directory; default: this one.",
        ),
        click.option(
            "--env", multiple=True, metavar="K=V", help="Environment variable, repeatable."
        ),
        click.option(
            "--timeout",
            type=click.FloatRange(min=0, min_open=True),
            metavar="S",
            help="Seconds for the whole run.",
        ),
        click.option(
            "--on-error",
            type=click.Choice(["stop", "continue"]),
            default="stop",
            show_default=True,
            help="Whether the statements after a failed one run.",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


@main.command(context_settings=_PASS_ON)
@_run_options
@click.option(
    "-i",
    "--interactive",
    is_flag=True,
    help="Then go on at Python's prompt, with the variables of FILE.",
)
@click.option(
    "--quiet", is_flag=True, help="No values: stdout and stderr are those of python FILE."
)
@click.option(
    "--format",
    "layout",
    type=click.Choice(["text", "json", "jsonl"]),
    default="text",
    show_default=True,
    help="Output format.",
)
def run(*, quiet: bool, layout: str, interactive: bool, **chosen: Any) -> None:
    """Run FILE and show each value beside its line.

    It runs as `python FILE ARGS…` would. The exit code is Python's. FILE may be - for standard input.
    """
    if interactive and layout != "text":
        raise click.UsageError(f"-i asks at a prompt; --format {layout} writes for programs.")
    chosen["is_interactive"] = interactive
    script = _begin("quiet" if quiet and layout == "text" else layout, chosen)
    from rdit_lsp.cli import run as command  # After the interpreter has been started.

    sys.exit(command.run(script))


@main.command(context_settings=_PASS_ON)
@_run_options
def watch(**chosen: Any) -> None:
    """Run FILE; re-run what each save affects.

    Ctrl-C interrupts what runs; while nothing runs, it ends the watch.
    """
    script = _begin("watch", chosen)
    from rdit_lsp.cli import watch as command  # After the interpreter has been started.

    sys.exit(command.watch(script))


@main.command("export")
@_run_options
@click.option(
    "--to",
    type=click.Choice(_FORMATS),
    help="A page, a notebook, Markdown, or the script with results as comments. Default: by the "
    "suffix of --output.",
)
@click.option(
    "--output",
    metavar="PATH",
    shell_complete=_files,
    help="Output file; - for standard output. Default: beside FILE.",
)
def export_(*, to: Format | None, output: str | None, **chosen: Any) -> None:
    """Run FILE and write it with its results.

    The exit code is the one of the run.
    """
    to = to or _format_of(output)
    script = _begin("json", chosen)
    from rdit_lsp.cli import export as command  # After the interpreter has been started.

    sys.exit(command.export(script, to, output))


@main.command("import")
@click.argument("notebook", type=click.Path())
@click.option(
    "--output",
    metavar="PATH",
    shell_complete=_files,
    help="Output file; - for standard output. Default: beside it.",
)
def import_(notebook: str, output: str | None) -> None:
    """Write a Jupyter NOTEBOOK as a .py file with `# %%` cells."""
    from rdit_lsp.cli import importing as command

    sys.exit(command.import_notebook(notebook, output))


@main.command()
def lsp() -> None:
    """Run the language server on standard input and output."""
    from rdit_lsp.host import forward

    forward.main()


@main.command()
@click.option("--json", "as_json", is_flag=True, help="One object, for programs.")
def ps(*, as_json: bool) -> None:
    """Show the documents whose programs live in the host.

    Programs outlive the editor that started them: rdit's host keeps them.
    """
    from rdit_lsp.cli import sessions as command

    sys.exit(command.ps(as_json=as_json))


@main.command()
@click.argument("file", required=False, shell_complete=_files)
@click.option("--all", "everything", is_flag=True, help="Every program, and the host.")
def stop(file: str | None, *, everything: bool) -> None:
    """End the program of FILE that lives in the host."""
    from rdit_lsp.cli import sessions as command

    if everything == (file is not None):
        raise click.UsageError("Say what to stop: FILE or --all.")
    sys.exit(command.stop_all() if file is None else command.stop(file))


@main.command()
@click.argument("file", shell_complete=_files)
@click.option(
    "--format",
    "layout",
    type=click.Choice(["text", "jsonl"]),
    default="text",
    show_default=True,
    help="Output format.",
)
def attach(file: str, layout: str) -> None:
    """Show the results of FILE in the host, and follow what comes.

    It changes nothing. Ctrl-C ends it.
    """
    from rdit_lsp.cli import attach as command

    sys.exit(command.attach(file, layout))


@main.command()
def host() -> None:
    """Run the host in the foreground, for services.

    Editors start one by themselves otherwise. It ends at SIGTERM and Ctrl-C.
    """
    from rdit_lsp.cli import hosting as command

    sys.exit(command.host())


@main.command()
@click.argument("file", type=click.Path(path_type=Path), required=False)
def doctor(file: Path | None) -> None:
    """Show the interpreter and settings of FILE.

    Each with the reason for it. Without FILE: for a new one in this folder.
    """
    from rdit_lsp.cli import doctor as command

    sys.exit(command.doctor(file))


def _format_of(output: str | None) -> Format:
    for to in _FORMATS:
        if output is not None and output.endswith(f".{to}"):
            return to
    raise click.UsageError(
        f"Say what to write: --to {'|'.join(_FORMATS)}, or --output with a suffix."
    )


def _begin(layout: str, chosen: Mapping[str, Any]) -> StartedScript:
    from rdit_lsp.cli.startup import RunOptions, StartedScript, begin, import_event_loop

    if (
        chosen["file"].startswith("-")
        and chosen["file"] != "-"
        and not os.path.exists(chosen["file"])
    ):
        raise click.NoSuchOption(chosen["file"], ctx=click.get_current_context())
    options = RunOptions(
        file=chosen["file"],
        args=chosen["args"],
        layout=layout,
        python=chosen["python"],
        cwd=chosen["cwd"],
        env=_variables(chosen["env"]),
        timeout=chosen["timeout"],
        stop_on_error=chosen["on_error"] == "stop",
        is_interactive=chosen.get("is_interactive", False),
    )
    script = begin(options)
    if not isinstance(script, StartedScript):
        sys.exit(script)
    import_event_loop()
    return script


def _variables(pairs: tuple[str, ...]) -> dict[str, str]:
    found = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name:
            raise click.BadParameter(f"{pair!r} is not of the form NAME=VALUE", param_hint="--env")
        found[name] = value
    return found
