/** What the user can do: each command is look up where, call the server, show the answer. */

import * as vscode from "vscode";
import { executeParams, nextCodeLine, type Place, statementEnd, transactionParams } from "./arguments";
import { keep, restore } from "./checkpoints";
import { countSentence, refusedSentence, takenBackSentence } from "../view/checkpointText";
import type { Painter } from "../view/painter";
import type { Panel } from "../view/panel";
import type { ExecuteResult, KeptCheckpoints, PlaceParams, Requests, Scope, TransactionPolicy } from "../protocol";
import { explain, type Server } from "../server/server";
import type { StatusBar } from "../view/statusBar";
import { copy, open } from "./resultActions";

interface Parts {
  server: Server;
  painter: Painter;
  panel: Panel;
  statusBar: StatusBar;
  log: vscode.LogOutputChannel;
}

type Command = (parts: Parts) => unknown;

const commands: Record<string, Command> = {
  "rdit.runStatement": runStatement,
  "rdit.runSelection": (parts) => execute(parts, "range"),
  "rdit.runCell": (parts) => execute(parts, "cell"),
  "rdit.runToHere": (parts) => execute(parts, "toHere"),
  "rdit.runBelow": (parts) => execute(parts, "fromHere"),
  "rdit.runFile": (parts) => execute(parts, "file"),
  "rdit.update": (parts) => execute(parts, "stale"),
  "rdit.dryRun": (parts) => transact(parts, "rollback_always"),
  "rdit.runOrTakeBack": (parts) => transact(parts, "commit_on_success"),
  "rdit.interrupt": interrupt,
  "rdit.reset": ({ server }) => server.execute("rdit/reset", { uri: currentUri() }),
  "rdit.checkpoint": ({ server, statusBar }) => keep(server, statusBar, currentUri()),
  "rdit.restore": ({ server, statusBar }) => restore(server, statusBar, currentUri()),
  "rdit.variables": showVariables,
  "rdit.showOutputs": ({ panel }) => panel.show({ isWholeDocument: false }),
  "rdit.showStatementOutputs": ({ panel }) => panel.show({ isWholeDocument: false }),
  "rdit.showAllOutputs": ({ panel }) => panel.show({ isWholeDocument: true }),
  "rdit.openOutputsAsText": ({ panel }) => panel.openAsText(),
  "rdit.copyResult": async ({ server }) => copy(await server.execute("rdit/copyResult", currentPlace())),
  "rdit.openPicture": async ({ server }) => open(await server.execute("rdit/openPicture", { ...currentPlace(), show: false })),
  "rdit.showLog": ({ log }) => log.show(),
  "rdit.restartServer": ({ server }) => server.restart(),
  "rdit.menu": showMenu,
  "rdit.newExample": openExample,
};

export function registerCommands(parts: Parts): vscode.Disposable[] {
  return Object.entries(commands).map(([id, command]) =>
    vscode.commands.registerCommand(id, async () => {
      try {
        await command(parts);
      } catch (error) {
        explain(error);
      }
    }),
  );
}

/** The last Python editor that had the focus: the output panel may have it now. */
function currentEditor(): vscode.TextEditor {
  const editor = findEditor();
  if (!editor) throw new Error("rdit: open a Python file first.");
  return editor;
}

function findEditor(): vscode.TextEditor | undefined {
  const visible = vscode.window.visibleTextEditors.filter((editor) => editor.document.languageId === "python");
  return visible.find((candidate) => candidate === vscode.window.activeTextEditor) ?? visible[0];
}

/** The cursor, where a statement is meant. */
function currentPlace(): PlaceParams {
  const editor = currentEditor();
  const { line, character } = editor.selection.active;
  return { uri: editor.document.uri.toString(), position: { line, character } };
}

function currentUri(): string {
  return currentEditor().document.uri.toString();
}

function placeOf(editor: vscode.TextEditor): Place {
  const { start, end, active } = editor.selection;
  return { uri: editor.document.uri.toString(), version: editor.document.version, start, end, active };
}

async function execute({ server }: Parts, scope: Scope): Promise<ExecuteResult> {
  // How it ended is drawn beside the code; nothing else is to be said.
  return server.execute("rdit/execute", executeParams(scope, placeOf(currentEditor())));
}

async function transact({ server }: Parts, policy: TransactionPolicy): Promise<void> {
  const { status } = await server.execute("rdit/execute", transactionParams(policy, placeOf(currentEditor())));
  // That the variables are others than the marks would have it is drawn nowhere.
  const sentence = takenBackSentence(policy, status);
  if (sentence) vscode.window.setStatusBarMessage(`rdit: ${sentence}.`, 8000);
}

/** Run the statement at the cursor, or the selected lines, and go on to the next while it runs. */
async function runStatement(parts: Parts): Promise<void> {
  const editor = currentEditor();
  const line = editor.selection.end.line;
  if (!editor.selection.isEmpty) {
    await execute(parts, "range");
    return;
  }
  const run = execute(parts, "statement");
  const end = await endOfStatement(parts.painter, editor.document, line, run);
  const next = nextCodeLine(editor.document.getText().split(/\r\n|\r|\n/), end);
  // Whoever has moved on by hand meanwhile is left where they are.
  if (next !== undefined && editor.selection.isEmpty && editor.selection.end.line === line) moveTo(editor, next);
  await run;
}

/**
 * The last line of the statement at `line`.
 *
 * Which lines belong to a statement is the server's to say, and it says so with the first result:
 * at once where there is one, else as soon as the statement runs.
 */
async function endOfStatement(
  painter: Painter,
  document: vscode.TextDocument,
  line: number,
  run: Promise<ExecuteResult>,
): Promise<number> {
  const known = () => statementEnd(painter.of(document.uri)?.all() ?? [], line);
  const now = known();
  if (now !== undefined) return now;
  let listener: vscode.Disposable | undefined;
  const appeared = new Promise<number>((resolve) => {
    listener = painter.onChange(() => {
      const end = known();
      if (end !== undefined) resolve(end);
    });
  });
  const finished = run.then(({ results }) => results.at(-1)?.lineEnd ?? line + 1);
  try {
    return await Promise.race([appeared, finished]);
  } finally {
    listener?.dispose();
  }
}

async function interrupt({ server }: Parts): Promise<void> {
  const { interrupted } = await server.execute("rdit/interrupt", { uri: currentUri() });
  if (!interrupted) vscode.window.setStatusBarMessage("rdit: nothing is running.", 3000);
}

async function showVariables({ server }: Parts): Promise<void> {
  const editor = currentEditor();
  const { variables, origin } = await server.execute("rdit/variables", { uri: editor.document.uri.toString() });
  const items = variables.map((variable) => ({
    label: variable.name,
    description: variable.type,
    detail: variable.summary,
    lineStart: variable.lineStart,
  }));
  const state = origin === "now" ? "" : ` ${origin}`;
  const placeHolder = items.length > 0 ? `Variables${state}: choose one to go to its line` : "There are no variables yet";
  const chosen = await vscode.window.showQuickPick(items, { placeHolder, matchOnDescription: true });
  if (chosen?.lineStart !== undefined) moveTo(editor, chosen.lineStart - 1);
}

async function showMenu({ server, statusBar }: Parts): Promise<void> {
  const uri = findEditor()?.document.uri.toString();
  const kept = uri === undefined ? undefined : statusBar.checkpointsOf(uri);
  const items = menu
    .filter((item) => item.needs === undefined || server.offers(item.needs))
    .map((item) => ({ ...item, ...(item.command !== undefined && aboutCheckpoints(item.command, kept)) }));
  const chosen = await vscode.window.showQuickPick(items, { placeHolder: "rdit" });
  if (chosen?.command) await vscode.commands.executeCommand(chosen.command, ...(chosen.arguments ?? []));
}

/** What an entry of the menu says of the checkpoints that there are. */
function aboutCheckpoints(command: string, kept: KeptCheckpoints | undefined): { description?: string } {
  if (!kept) return {};
  if (command === "rdit.restore") return { description: countSentence(kept) };
  const refused = command === "rdit.checkpoint" ? refusedSentence(kept) : undefined;
  return refused === undefined ? {} : { description: refused };
}

/** For the walkthrough: a document that is not on the disk, to be played with and thrown away. */
async function openExample(): Promise<void> {
  const document = await vscode.workspace.openTextDocument({ language: "python", content: example });
  await vscode.window.showTextDocument(document);
}

const example = `from random import seed, sample

seed(1)
numbers = sample(range(100), 10)
numbers

total = sum(numbers)
total / len(numbers)

for number in sorted(numbers):
    print(number, "#" * (number // 4))
`;

interface MenuItem extends vscode.QuickPickItem {
  command?: string;
  arguments?: unknown[];
  /** What the server must offer for it. */
  needs?: keyof Requests;
}

const menu: MenuItem[] = [
  { label: "$(run-all) Run File", description: "every statement, in a new namespace", command: "rdit.runFile" },
  { label: "$(refresh) Update", description: "run what is stale, no more", command: "rdit.update" },
  { label: "$(run-above) Run to Cursor", command: "rdit.runToHere" },
  { label: "$(beaker) Dry Run", description: "the selection or the file, and take it back", command: "rdit.dryRun", needs: "rdit/checkpoints" },
  { label: "$(discard) Run, and Take Back on Failure", description: "the selection or the file", command: "rdit.runOrTakeBack", needs: "rdit/checkpoints" },
  { label: "$(debug-stop) Interrupt", command: "rdit.interrupt" },
  { label: "$(clear-all) Reset", description: "forget all variables and results", command: "rdit.reset" },
  { label: "", kind: vscode.QuickPickItemKind.Separator },
  { label: "$(open-preview) Show Outputs", command: "rdit.showOutputs" },
  { label: "$(symbol-variable) Show Variables", command: "rdit.variables", needs: "rdit/variables" },
  { label: "$(save) Keep Checkpoint…", command: "rdit.checkpoint", needs: "rdit/checkpoint" },
  { label: "$(history) Restore Checkpoint…", command: "rdit.restore", needs: "rdit/checkpoints" },
  { label: "", kind: vscode.QuickPickItemKind.Separator },
  { label: "$(settings-gear) Settings", command: "workbench.action.openSettings", arguments: ["@ext:rdit.rdit"] },
  { label: "$(output) Show Log", command: "rdit.showLog" },
  { label: "$(debug-restart) Restart Server", command: "rdit.restartServer" },
];

function moveTo(editor: vscode.TextEditor, line: number): void {
  const position = new vscode.Position(Math.min(line, editor.document.lineCount - 1), 0);
  editor.selection = new vscode.Selection(position, position);
  editor.revealRange(editor.selection, vscode.TextEditorRevealType.InCenterIfOutsideViewport);
}
