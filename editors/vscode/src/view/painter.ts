/**
 * Paints results into the editors: a mark at the end of each statement, a sign in the gutter.
 *
 * Inlay hints would do the same through the server, but VS Code delays and pads them while one
 * types; decorations move with the text at once.
 */

import * as vscode from "vscode";
import type { DidChangeResultsParams, Look } from "../protocol";
import { settings } from "../server/settings";
import { columnsOf, looks, type Mark, marksOf, type Sign, signsOf, widestMark } from "./decorations";
import { DisplayedResults } from "./displayedResults";
import { lineEdit } from "./lineEdit";

/** Looks that are seen in the overview ruler: what one would scroll for. */
const inRuler: ReadonlySet<Look> = new Set<Look>(["running", "error", "stopped"]);

/** Every mark is a CSS rule of its own, so a long file gets those in view and some lines around. */
const linesAroundView = 100;

interface LookTypes {
  mark: vscode.TextEditorDecorationType;
  sign: vscode.TextEditorDecorationType;
}

export class Painter implements vscode.Disposable {
  private readonly displayed = new Map<string, DisplayedResults>();
  private readonly types: Record<Look, LookTypes>;
  private readonly changes = new vscode.EventEmitter<vscode.Uri>();
  private readonly subscriptions: vscode.Disposable[];

  /** What is drawn for a document has changed. */
  readonly onChange = this.changes.event;

  constructor(extensionUri: vscode.Uri) {
    const entries = looks.map((look) => [look, createTypes(look, extensionUri)] as const);
    this.types = Object.fromEntries(entries) as Record<Look, LookTypes>;
    this.subscriptions = [
      this.changes,
      ...entries.flatMap(([, types]) => [types.mark, types.sign]),
      vscode.workspace.onDidChangeTextDocument((event) => this.edit(event)),
      vscode.workspace.onDidCloseTextDocument((document) => this.forget(document.uri)),
      vscode.window.onDidChangeVisibleTextEditors((editors) => editors.forEach((editor) => this.paint(editor))),
      vscode.window.onDidChangeTextEditorVisibleRanges((event) => this.paint(event.textEditor)),
      vscode.window.tabGroups.onDidChangeTabGroups((event) => {
        // As many more or fewer share the window, so each is narrower or wider.
        if (event.opened.length + event.closed.length > 0) this.repaintAll();
      }),
    ];
  }

  dispose(): void {
    vscode.Disposable.from(...this.subscriptions).dispose();
  }

  /** What is drawn for a document; undefined when nothing was ever heard of it. */
  of(uri: vscode.Uri): DisplayedResults | undefined {
    return this.displayed.get(uri.toString());
  }

  take(change: DidChangeResultsParams): void {
    const uri = vscode.Uri.parse(change.uri);
    // The server's last word on a document that was closed crosses the closing.
    if (!isOpen(uri)) return;
    this.ensure(uri).merge(change);
    this.changed(uri);
  }

  /** The server is gone; what it had found stays, marked stale. */
  loseServer(): void {
    for (const [key, results] of this.displayed) {
      results.loseServer();
      this.changed(vscode.Uri.parse(key));
    }
  }

  /** Show nothing of a document: it was closed, or its results are not wanted any more. */
  forget(uri: vscode.Uri): void {
    this.displayed.delete(uri.toString());
    this.changed(uri);
  }

  repaintAll(): void {
    vscode.window.visibleTextEditors.forEach((editor) => this.paint(editor));
  }

  private changed(uri: vscode.Uri): void {
    const editors = vscode.window.visibleTextEditors;
    editors.filter((editor) => editor.document.uri.toString() === uri.toString()).forEach((editor) => this.paint(editor));
    this.changes.fire(uri);
  }

  private ensure(uri: vscode.Uri): DisplayedResults {
    const key = uri.toString();
    const results = this.displayed.get(key) ?? new DisplayedResults();
    this.displayed.set(key, results);
    return results;
  }

  private edit(event: vscode.TextDocumentChangeEvent): void {
    if (event.document.languageId !== "python" || event.contentChanges.length === 0) return;
    this.ensure(event.document.uri).edit(event.document.version, event.contentChanges.map(lineEdit));
  }

  private paint(editor: vscode.TextEditor): void {
    if (editor.document.languageId !== "python") return;
    const { show, showGutter, maxLength } = settings(editor.document.uri);
    const isNear = nearView(editor);
    const results = this.of(editor.document.uri)?.all() ?? [];
    const marks = show === "decorations" ? marksOf(results, maxLength).filter((mark) => isNear(mark.line)) : [];
    const signs = showGutter ? signsOf(results).filter((sign) => isNear(sign.line)) : [];
    for (const look of looks) {
      editor.setDecorations(this.types[look].mark, marks.filter((mark) => mark.look === look).map((mark) => markOptions(mark, editor)));
      editor.setDecorations(this.types[look].sign, signs.filter((sign) => sign.look === look).map((sign) => signOptions(sign)));
    }
  }
}

function isOpen(uri: vscode.Uri): boolean {
  return vscode.workspace.textDocuments.some((document) => document.uri.toString() === uri.toString());
}

function createTypes(look: Look, extensionUri: vscode.Uri): LookTypes {
  const icon = (theme: string) => vscode.Uri.joinPath(extensionUri, "media", "signs", `${look}-${theme}.svg`);
  const color = new vscode.ThemeColor(`rdit.${look}Foreground`);
  return {
    mark: vscode.window.createTextEditorDecorationType({
      before: { color, margin: "0 0 0 2em" },
      after: { color, margin: "0 0 0 2em" },
      overviewRulerColor: inRuler.has(look) ? color : "",
      overviewRulerLane: vscode.OverviewRulerLane.Right,
      rangeBehavior: vscode.DecorationRangeBehavior.OpenOpen,
    }),
    sign: vscode.window.createTextEditorDecorationType({
      light: { gutterIconPath: icon("light") },
      dark: { gutterIconPath: icon("dark") },
      gutterIconSize: "70%",
    }),
  };
}

function nearView(editor: vscode.TextEditor): (line: number) => boolean {
  return (line) =>
    line >= 1 &&
    line <= editor.document.lineCount &&
    editor.visibleRanges.some(
      (range) => line > range.start.line - linesAroundView && line <= range.end.line + 1 + linesAroundView,
    );
}

function markOptions(mark: Mark, editor: vscode.TextEditor): vscode.DecorationOptions {
  const { text, range } = editor.document.lineAt(mark.line - 1);
  const marks = mark.part === undefined ? 1 : 2;
  const attachment = { contentText: mark.text, textDecoration: `none; ${cutStyle(text, marks, editor)}` };
  // Of two at the same place, VS Code draws one that stands before it first.
  const renderOptions = mark.part === "first" ? { before: attachment } : { after: attachment };
  return { range: new vscode.Range(range.end, range.end), renderOptions };
}

/** VS Code has no option for it, and puts the text of `textDecoration` into its style sheet as it is. */
function cutStyle(text: string, marks: 1 | 2, editor: vscode.TextEditor): string {
  const tabSize = Number(editor.options.tabSize ?? 4);
  const hasMinimap = vscode.workspace.getConfiguration("editor", editor.document.uri).get("minimap.enabled", true);
  const width = widestMark(columnsOf(text, tabSize), marks, vscode.window.tabGroups.all.length, hasMinimap);
  return `display: inline-block; vertical-align: top; overflow: hidden; text-overflow: ellipsis; white-space: pre; max-width: ${width}`;
}

function signOptions(sign: Sign): vscode.DecorationOptions {
  return { range: new vscode.Range(sign.line - 1, 0, sign.line - 1, 0) };
}
