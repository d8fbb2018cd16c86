/**
 * Asking what an expression is in the program, which does not notice.
 *
 * The box stays for the next expression. A value of one line is shown in it; all of them are in an output
 * channel, which comes to the front for a longer one.
 */

import * as path from "node:path";
import * as vscode from "vscode";
import type { EvaluateResult } from "../protocol";
import { currentEditor } from "./currentEditor";
import type { Parts } from "./parts";

export async function evaluate(parts: Parts): Promise<void> {
  const { document, selection } = currentEditor();
  const box = vscode.window.createInputBox();
  box.title = `Evaluate in ${path.posix.basename(document.uri.path)}`;
  box.placeholder = "An expression. Whatever it does, the program stays as it is.";
  box.value = selection.isSingleLine ? document.getText(selection) : "";
  box.ignoreFocusOut = true;
  box.onDidAccept(() => void answer(parts, document.uri, box));
  box.onDidChangeValue(() => (box.validationMessage = undefined));
  const hidden = new Promise<void>((resolve) => box.onDidHide(resolve));
  box.show();
  await hidden;
  box.dispose();
}

async function answer({ server, evaluations }: Parts, uri: vscode.Uri, box: vscode.InputBox): Promise<void> {
  const expression = box.value.trim();
  if (expression === "") return;
  box.busy = true;
  try {
    show(expression, await server.execute("rdit/evaluate", { uri: uri.toString(), expression }), box, evaluations);
  } catch (error) {
    box.validationMessage = { message: error instanceof Error ? error.message : String(error), severity: vscode.InputBoxValidationSeverity.Error };
  } finally {
    box.busy = false;
  }
}

function show(expression: string, { text, origin, failed }: EvaluateResult, box: vscode.InputBox, evaluations: vscode.OutputChannel): void {
  evaluations.appendLine(`>>> ${expression}${origin === "now" ? "" : `  # ${origin}`}\n${text}`);
  const lines = text.trimEnd().split("\n");
  if (lines.length > 1) evaluations.show(true);
  const severity = failed ? vscode.InputBoxValidationSeverity.Error : vscode.InputBoxValidationSeverity.Info;
  // The last line of an error says what it is.
  const message = failed || lines.length === 1 ? (lines.at(-1) ?? "") : `${lines.length} lines: see below`;
  box.validationMessage = { message, severity };
}
