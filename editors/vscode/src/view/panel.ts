/**
 * The output panel: complete results of the statement at the cursor, or of the whole file.
 *
 * It keeps nothing: whenever the cursor or the results move on, it asks the server again.
 */

import * as path from "node:path";
import * as vscode from "vscode";
import type { LineRange, StatementResult } from "../protocol";
import type { Server } from "../server/server";
import { settings } from "../server/settings";
import type { Painter } from "./painter";
import { panelHtml, panelText } from "./panelHtml";

/** Output that streams is asked for at most this often; each answer is complete, so it can be long. */
const refreshMilliseconds = 250;

const linkCommands = ["rdit.showStatementOutputs", "rdit.showAllOutputs", "rdit.openOutputsAsText"];

const webviewOptions: vscode.WebviewOptions = {
  enableScripts: false,
  enableForms: false,
  enableCommandUris: linkCommands,
  localResourceRoots: [],
};

export class Panel implements vscode.Disposable {
  private view: vscode.WebviewPanel | undefined;
  private isWholeDocument = false;
  /** The document and line followed: the last Python editor the cursor was in. */
  private target: { uri: vscode.Uri; line: number } | undefined;
  private timer: NodeJS.Timeout | undefined;
  private isAsking = false;
  private isOutdated = false;
  private html = "";
  private readonly subscriptions: vscode.Disposable[];

  constructor(
    private readonly server: Server,
    painter: Painter,
  ) {
    this.subscriptions = [
      vscode.window.onDidChangeTextEditorSelection((event) => this.follow(event.textEditor)),
      vscode.window.onDidChangeActiveTextEditor((editor) => this.follow(editor)),
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (event.affectsConfiguration("rdit.allowHtml") || event.affectsConfiguration("rdit.allowScripts")) this.refreshSoon();
      }),
      vscode.window.onDidChangeActiveColorTheme(() => this.refreshSoon()),
      painter.onChange((uri) => {
        if (uri.toString() === this.target?.uri.toString()) this.refreshSoon();
      }),
    ];
    this.follow(vscode.window.activeTextEditor);
  }

  dispose(): void {
    clearTimeout(this.timer);
    this.view?.dispose();
    vscode.Disposable.from(...this.subscriptions).dispose();
  }

  show(options: { isWholeDocument: boolean }): void {
    this.isWholeDocument = options.isWholeDocument;
    this.view ??= this.create();
    this.view.reveal(undefined, true);
    this.refreshSoon();
  }

  /** Open what the panel shows as text, complete, to be read, searched and saved as any other. */
  async openAsText(): Promise<void> {
    const results = await this.ask();
    const document = await vscode.workspace.openTextDocument({ content: panelText(results), language: "plaintext" });
    await vscode.window.showTextDocument(document, { viewColumn: vscode.ViewColumn.Beside });
  }

  private create(): vscode.WebviewPanel {
    const column = { viewColumn: vscode.ViewColumn.Beside, preserveFocus: true };
    const options = { ...webviewOptions, enableFindWidget: true };
    const view = vscode.window.createWebviewPanel("rdit.outputs", "rdit outputs", column, options);
    view.onDidDispose(() => {
      this.view = undefined;
      this.html = "";
    });
    // A hidden panel is not refreshed: catch up when it comes back.
    view.onDidChangeViewState(() => this.refreshSoon());
    return view;
  }

  private follow(editor: vscode.TextEditor | undefined): void {
    if (editor?.document.languageId !== "python") return;
    this.target = { uri: editor.document.uri, line: editor.selection.active.line + 1 };
    this.refreshSoon();
  }

  /** One request at a time, and a last one after the last change. */
  private refreshSoon(): void {
    this.isOutdated = true;
    if (!this.view?.visible || this.isAsking || this.timer) return;
    this.timer = setTimeout(() => {
      this.timer = undefined;
      void this.refresh();
    }, refreshMilliseconds);
  }

  private async refresh(): Promise<void> {
    this.isAsking = true;
    this.isOutdated = false;
    try {
      this.draw(await this.ask());
    } catch (error) {
      this.draw([], error instanceof Error ? error.message : String(error));
    } finally {
      this.isAsking = false;
    }
    if (this.isOutdated) this.refreshSoon();
  }

  private async ask(): Promise<StatementResult[]> {
    // A panel must not start a server: while there is none there is nothing to show either.
    if (!this.target || this.server.state !== "running") return [];
    const { uri, line } = this.target;
    const lineRange: LineRange = { from: line, to: line };
    const params = this.isWholeDocument ? { uri: uri.toString() } : { uri: uri.toString(), lineRange };
    return (await this.server.execute("rdit/results", params)).results;
  }

  private draw(results: StatementResult[], problem?: string): void {
    if (!this.view) return;
    const { allowHtml, allowScripts } = settings(this.target?.uri);
    const html = panelHtml(results, {
      title: this.target ? path.basename(this.target.uri.path) : "rdit",
      isWholeDocument: this.isWholeDocument,
      allowHtml,
      allowScripts,
      isDark: isDark(),
      problem,
    });
    // Setting the same page again would lose the reader's place in it.
    if (html === this.html) return;
    this.html = html;
    const isAllowed = allowHtml && allowScripts;
    // Setting options loads the page anew, so only where they differ.
    if (this.view.webview.options.enableScripts !== isAllowed) {
      this.view.webview.options = { ...webviewOptions, enableScripts: isAllowed };
    }
    this.view.webview.html = html;
  }
}

function isDark(): boolean {
  const { Dark, HighContrast } = vscode.ColorThemeKind;
  return [Dark, HighContrast].includes(vscode.window.activeColorTheme.kind);
}
