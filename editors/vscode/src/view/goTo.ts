/** Going to a line that a link in the output panel names. */

import * as vscode from "vscode";

/**
 * @param uri The document of the panel.
 * @param line From 1.
 * @param file The path of another file, or of the document itself.
 */
export async function goTo(uri: string, line: number, file?: string): Promise<void> {
  const document = vscode.Uri.parse(uri);
  const target = file === undefined || file === document.fsPath || !file.startsWith("/") ? document : vscode.Uri.file(file);
  const shown = vscode.window.visibleTextEditors.find((editor) => editor.document.uri.toString() === target.toString());
  const selection = new vscode.Range(line - 1, 0, line - 1, 0);
  await vscode.window.showTextDocument(target, { viewColumn: shown?.viewColumn ?? vscode.ViewColumn.One, selection });
}
