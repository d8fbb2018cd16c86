/** Where the user is: the Python editor, the cursor, the selection. */

import * as vscode from "vscode";
import type { PlaceParams } from "../protocol";
import type { Place } from "./arguments";

/** The last Python editor that had the focus: the output panel may have it now. */
export function currentEditor(): vscode.TextEditor {
  const editor = findEditor();
  if (!editor) throw new Error("rdit: open a Python file first.");
  return editor;
}

export function findEditor(): vscode.TextEditor | undefined {
  const visible = vscode.window.visibleTextEditors.filter((editor) => editor.document.languageId === "python");
  return visible.find((candidate) => candidate === vscode.window.activeTextEditor) ?? visible[0];
}

/** The cursor, where a statement is meant. */
export function currentPlace(): PlaceParams {
  const editor = currentEditor();
  const { line, character } = editor.selection.active;
  return { uri: editor.document.uri.toString(), position: { line, character } };
}

export function currentUri(): string {
  return currentEditor().document.uri.toString();
}

export function placeOf(editor: vscode.TextEditor): Place {
  const { start, end, active } = editor.selection;
  return { uri: editor.document.uri.toString(), version: editor.document.version, start, end, active };
}

export function moveTo(editor: vscode.TextEditor, line: number): void {
  const position = new vscode.Position(Math.min(line, editor.document.lineCount - 1), 0);
  editor.selection = new vscode.Selection(position, position);
  editor.revealRange(editor.selection, vscode.TextEditorRevealType.InCenterIfOutsideViewport);
}
