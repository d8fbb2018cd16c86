/** Running something of a document, and interrupting it. */

import * as vscode from "vscode";
import type { ExecuteResult, Scope, TransactionPolicy } from "../protocol";
import { takenBackSentence } from "../view/checkpointText";
import type { Painter } from "../view/painter";
import { executeParams, nextCodeLine, statementEnd, transactionParams } from "./arguments";
import { currentEditor, currentUri, moveTo, placeOf } from "./currentEditor";
import { offerToInstall } from "./install";
import type { Parts } from "./parts";

export async function execute(parts: Parts, scope: Scope): Promise<ExecuteResult> {
  // How it ended is drawn beside the code; what can be done about it is not.
  const params = executeParams(scope, placeOf(currentEditor()));
  const ended = await parts.server.execute("rdit/execute", params);
  void offerToInstall(parts, params.uri, ended.results);
  return ended;
}

export async function transact({ server }: Parts, policy: TransactionPolicy): Promise<void> {
  const { status } = await server.execute("rdit/execute", transactionParams(policy, placeOf(currentEditor())));
  // That the variables are others than the marks would have it is drawn nowhere.
  const sentence = takenBackSentence(policy, status);
  if (sentence) vscode.window.setStatusBarMessage(`rdit: ${sentence}.`, 8000);
}

/** Run the statement at the cursor, or the selected lines, and go on to the next while it runs. */
export async function runStatement(parts: Parts): Promise<void> {
  const editor = currentEditor();
  const line = editor.selection.end.line;
  if (!editor.selection.isEmpty) {
    await execute(parts, "range");
    return;
  }
  const run = execute(parts, "statement");
  const end = await endOfStatement(parts.painter, editor.document, line, run);
  const next = nextCodeLine(editor.document.getText().split(/\r\n|\r|\n/), end);
  // A cursor that was moved by hand meanwhile stays where it is.
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

export async function interrupt({ server }: Parts): Promise<void> {
  const { interrupted } = await server.execute("rdit/interrupt", { uri: currentUri() });
  if (!interrupted) vscode.window.setStatusBarMessage("rdit: nothing is running.", 3000);
}

/** The program's memory is free then; its results stay, as those of an earlier program. */
export async function stopProgram({ server }: Parts): Promise<void> {
  const { stopped } = await server.execute("rdit/stop", { uri: currentUri() });
  if (!stopped) vscode.window.setStatusBarMessage("rdit: there is no program to stop.", 3000);
}

/** What is shown goes at once, also what was left of a server that is gone and that this one knows nothing of. */
export async function reset({ server, painter }: Parts): Promise<void> {
  const uri = currentEditor().document.uri;
  painter.forget(uri);
  await server.execute("rdit/reset", { uri: uri.toString() });
}
