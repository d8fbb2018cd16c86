/** The list of a program's variables. */

import * as vscode from "vscode";
import { currentEditor, moveTo } from "./currentEditor";
import type { Parts } from "./parts";

export async function showVariables({ server }: Parts): Promise<void> {
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
