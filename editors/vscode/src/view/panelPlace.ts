/**
 * Where the output panel is: at the cursor of the last Python editor, or pinned; and where output was last seen.
 *
 * Lines are from 1, and move with the text.
 */

import * as vscode from "vscode";
import type { StatementResult } from "../protocol";
import { moveLine } from "./displayedResults";
import { lineEdit } from "./lineEdit";
import { hasOutput } from "./panelHtml";

interface Place {
  uri: vscode.Uri;
  line: number;
}

export class PanelPlace implements vscode.Disposable {
  private cursor: Place | undefined;
  private pinned: Place | undefined;
  /** By document, the line whose output was shown last. */
  private readonly lastShown = new Map<string, number>();
  private readonly moves = new vscode.EventEmitter<void>();
  private readonly subscriptions: vscode.Disposable[];

  /** The place that is shown is another one. */
  readonly onMove = this.moves.event;

  constructor() {
    this.subscriptions = [
      this.moves,
      vscode.window.onDidChangeTextEditorSelection((event) => this.follow(event.textEditor)),
      vscode.window.onDidChangeActiveTextEditor((editor) => this.follow(editor)),
      vscode.workspace.onDidChangeTextDocument((event) => this.edit(event)),
      vscode.workspace.onDidCloseTextDocument((document) => this.lastShown.delete(document.uri.toString())),
    ];
    this.follow(vscode.window.activeTextEditor);
  }

  dispose(): void {
    vscode.Disposable.from(...this.subscriptions).dispose();
  }

  get current(): Place | undefined {
    return this.pinned ?? this.cursor;
  }

  get isPinned(): boolean {
    return this.pinned !== undefined;
  }

  /** Stay at what was shown last, where the cursor is else; or follow the cursor again. */
  togglePin(): void {
    if (this.pinned || !this.cursor) {
      this.pinned = undefined;
      return;
    }
    const line = this.lastShown.get(this.cursor.uri.toString()) ?? this.cursor.line;
    this.pinned = { ...this.cursor, line };
  }

  /** Remember that the output at a line of the current document was shown. */
  keep(line: number): void {
    if (this.current) this.lastShown.set(this.current.uri.toString(), line);
  }

  /** The line to show where the current one has no output: the last shown, else the nearest with some. */
  kept(results: StatementResult[]): number | undefined {
    const place = this.current;
    if (!place) return undefined;
    return this.lastShown.get(place.uri.toString()) ?? nearestOutput(results, place.line);
  }

  private follow(editor: vscode.TextEditor | undefined): void {
    if (editor?.document.languageId !== "python") return;
    this.cursor = { uri: editor.document.uri, line: editor.selection.active.line + 1 };
    if (!this.pinned) this.moves.fire();
  }

  private edit(event: vscode.TextDocumentChangeEvent): void {
    const key = event.document.uri.toString();
    const move = (line: number) => event.contentChanges.reduce((moved, change) => moveLine(moved, lineEdit(change)), line);
    const line = this.lastShown.get(key);
    if (line !== undefined) this.lastShown.set(key, move(line));
    if (this.pinned?.uri.toString() === key) this.pinned = { ...this.pinned, line: move(this.pinned.line) };
  }
}

/** The line of the nearest statement above with output, else of the nearest below. */
function nearestOutput(results: StatementResult[], line: number): number | undefined {
  const withOutput = results.filter((result) => result.lineStart > 0 && hasOutput(result));
  const above = withOutput.filter((result) => result.lineEnd < line).at(-1);
  return (above ?? withOutput.find((result) => result.lineStart > line))?.lineStart;
}
