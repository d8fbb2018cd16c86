/** VS Code's edits as the edits of lines that results are moved by. */

import type * as vscode from "vscode";
import type { LineEdit } from "./displayedResults";

export function lineEdit(change: vscode.TextDocumentContentChangeEvent): LineEdit {
  return {
    startLine: change.range.start.line,
    startCharacter: change.range.start.character,
    endLine: change.range.end.line,
    insertedBreaks: change.text.split(/\r\n|\r|\n/).length - 1,
  };
}
