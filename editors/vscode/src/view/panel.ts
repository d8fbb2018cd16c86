/**
 * The output panel: complete results of one statement, or of the whole file.
 *
 * It keeps no results: whenever the cursor or the results move on, it asks the server again. What it keeps is
 * what its page shows.
 */

import { randomBytes } from "node:crypto";
import * as path from "node:path";
import * as vscode from "vscode";
import type { DidChangeResultsParams, LineRange, StatementResult } from "../protocol";
import type { Server } from "../server/server";
import { settings } from "../server/settings";
import { goTo } from "./goTo";
import { installPackage } from "./installPackage";
import type { Painter } from "./painter";
import { barHtml, hasFigureOrTable, hasOutput, heldOver, librariesOf, panelText, sectionsOf } from "./panelHtml";
import { type FromPage, panelPage, type Section, type ToPage } from "./panelPage";
import { PanelPlace } from "./panelPlace";

/** Output that streams is asked for at most this often; each answer is complete, so it can be long. */
const refreshMilliseconds = 250;

const linkCommands = [
  ...["rdit.showStatementOutputs", "rdit.showAllOutputs", "rdit.openOutputsAsText", "rdit.pinOutputs"],
  ...["rdit.goTo", "rdit.installPackage", "workbench.action.openSettings"],
];

export class Panel implements vscode.Disposable {
  private view: vscode.WebviewPanel | undefined;
  private isWholeDocument = false;
  private wasOpened = false;
  /** The line that the panel opened for by itself, until the cursor moves. */
  private firstLine: number | undefined;
  private readonly place: PanelPlace;
  private timer: NodeJS.Timeout | undefined;
  private isAsking = false;
  private isOutdated = false;
  /** Whether the page is there to be filled in. */
  private isReady = false;
  private mayRunScripts = false;
  private sections: Section[] = [];
  /** Scripts of charts that the page has. */
  private readonly libraries = new Set<string>();
  private shown = "";
  private readonly subscriptions: vscode.Disposable[];

  constructor(
    private readonly server: Server,
    private readonly painter: Painter,
    private readonly extensionUri: vscode.Uri,
  ) {
    this.place = new PanelPlace();
    this.subscriptions = [
      // No command of the palette's: the links of the page have arguments.
      vscode.commands.registerCommand("rdit.goTo", goTo),
      vscode.commands.registerCommand("rdit.installPackage", (uri: string, name: string) => installPackage(server, uri, name)),
      this.place,
      this.place.onMove(() => this.follow()),
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (event.affectsConfiguration("rdit.allowHtml") || event.affectsConfiguration("rdit.allowScripts")) this.refreshSoon();
      }),
      vscode.window.onDidChangeActiveColorTheme(() => this.refreshSoon()),
      painter.onChange((uri) => {
        if (uri.toString() === this.place.current?.uri.toString()) this.refreshSoon();
      }),
    ];
  }

  dispose(): void {
    clearTimeout(this.timer);
    this.view?.dispose();
    vscode.Disposable.from(...this.subscriptions).dispose();
  }

  show(options: { isWholeDocument: boolean }): void {
    this.wasOpened = true;
    this.isWholeDocument = options.isWholeDocument;
    this.view ??= this.create();
    this.view.reveal(undefined, true);
    this.refreshSoon();
  }

  /** Open at the first figure or table in this window, unless it was open before. */
  openAtFirst(change: DidChangeResultsParams): void {
    const uri = vscode.Uri.parse(change.uri);
    const isActive = vscode.window.activeTextEditor?.document.uri.toString() === uri.toString();
    if (this.wasOpened || !isActive || !settings(uri).openOutputs) return;
    const first = change.results.find((result) => result.status === "ok" && hasFigureOrTable(result));
    if (!first) return;
    this.firstLine = first.lineStart;
    this.show({ isWholeDocument: true });
  }

  /** Stay at what is shown now, or follow the cursor again. */
  togglePin(): void {
    this.place.togglePin();
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
    const options: vscode.WebviewOptions & vscode.WebviewPanelOptions = {
      enableScripts: true,
      enableForms: false,
      enableCommandUris: linkCommands,
      enableFindWidget: true,
      localResourceRoots: [vscode.Uri.joinPath(this.extensionUri, "dist")],
    };
    const view = vscode.window.createWebviewPanel("rdit.outputs", "rdit outputs", column, options);
    view.onDidDispose(() => {
      this.view = undefined;
      this.isReady = false;
    });
    // A hidden page is thrown away, and says that it is ready once it is back.
    view.onDidChangeViewState(() => {
      if (!view.visible) this.isReady = false;
    });
    view.webview.onDidReceiveMessage((message: FromPage) => {
      if (message.type === "ready") this.fillIn();
    });
    this.load(view);
    return view;
  }

  private load(view: vscode.WebviewPanel): void {
    const { allowHtml, allowScripts } = settings(this.place.current?.uri);
    this.isReady = false;
    this.mayRunScripts = allowHtml && allowScripts;
    const script = view.webview.asWebviewUri(vscode.Uri.joinPath(this.extensionUri, "dist", "page.js")).toString();
    view.webview.html = panelPage({ script, nonce: randomBytes(16).toString("hex"), allowScripts: this.mayRunScripts });
  }

  /** The page is there, and empty. */
  private fillIn(): void {
    this.isReady = true;
    this.sections = [];
    this.shown = "";
    this.libraries.clear();
    this.refreshSoon();
  }

  private follow(): void {
    this.firstLine = undefined;
    if (this.whatIsShown() !== this.shown || !this.isWholeDocument) this.refreshSoon();
    this.reveal();
  }

  private reveal(): void {
    const line = this.firstLine ?? this.place.current?.line ?? null;
    this.post({ type: "reveal", line: this.isWholeDocument ? line : null });
  }

  /** One request at a time, and a last one after the last change. */
  private refreshSoon(): void {
    this.isOutdated = true;
    if (!this.isReady || this.isAsking || this.timer) return;
    this.timer = setTimeout(() => {
      this.timer = undefined;
      void this.refresh();
    }, refreshMilliseconds);
  }

  private async refresh(): Promise<void> {
    this.isAsking = true;
    this.isOutdated = false;
    try {
      const results = await this.ask();
      if (this.mayRunScripts) await this.sendLibraries(results);
      this.draw(results);
    } catch (error) {
      this.draw([], error instanceof Error ? error.message : String(error));
    } finally {
      this.isAsking = false;
    }
    if (this.isOutdated) this.refreshSoon();
  }

  /** The results to show: on a line that has no output, those of the last line that had. */
  private async ask(): Promise<StatementResult[]> {
    const place = this.place.current;
    // A panel must not start a server: while there is none there is nothing to show either.
    if (!place || this.server.state !== "running") return [];
    if (this.isWholeDocument) return this.resultsOf(place.uri);
    const results = await this.resultsOf(place.uri, place.line);
    if (results.some(hasOutput)) this.place.keep(results[0]?.lineStart ?? place.line);
    else if (results.every((result) => result.status !== "running")) {
      const line = this.place.kept(this.painter.of(place.uri)?.all() ?? []);
      if (line !== undefined) return this.resultsOf(place.uri, line);
    }
    return results;
  }

  /** Charts find the scripts that draw them in the user's own package, not on the network. */
  private async sendLibraries(results: StatementResult[]): Promise<void> {
    for (const file of librariesOf(results).filter((each) => !this.libraries.has(each))) {
      const content = await vscode.workspace.fs.readFile(vscode.Uri.file(file));
      this.libraries.add(file);
      this.post({ type: "library", file, text: new TextDecoder().decode(content) });
    }
  }

  private async resultsOf(uri: vscode.Uri, line?: number): Promise<StatementResult[]> {
    const lineRange: LineRange | undefined = line === undefined ? undefined : { from: line, to: line };
    const params = { uri: uri.toString(), ...(lineRange && { lineRange }) };
    return (await this.server.execute("rdit/results", params)).results;
  }

  private draw(results: StatementResult[], problem?: string): void {
    const { allowHtml, allowScripts } = settings(this.place.current?.uri);
    if (this.view && this.mayRunScripts !== (allowHtml && allowScripts)) {
      this.load(this.view);
      return;
    }
    const options = { uri: this.place.current?.uri.toString() ?? "", lineText: this.lineText(), allowHtml, allowScripts, isDark: isDark() };
    const before = this.sections;
    const isElsewhere = this.whatIsShown() !== this.shown;
    this.shown = this.whatIsShown();
    this.sections = heldOver(sectionsOf(results, options), before);
    this.post({
      type: "show",
      bar: this.bar(),
      sentence: this.sections.length > 0 ? "" : (problem ?? "No output yet."),
      sections: this.sections.map((section, index) => (isSame(section, before[index]) ? null : section)),
      isElsewhere,
    });
    if (isElsewhere) this.reveal();
  }

  private whatIsShown(): string {
    return `${this.place.current?.uri.toString() ?? ""} ${this.isWholeDocument ? "whole" : "statement"}`;
  }

  private bar(): string {
    const title = this.place.current ? path.basename(this.place.current.uri.path) : "rdit";
    return barHtml({ title, isWholeDocument: this.isWholeDocument, isPinned: this.place.isPinned });
  }

  private lineText(): (line: number) => string {
    const uri = this.place.current?.uri.toString();
    const document = vscode.workspace.textDocuments.find((candidate) => candidate.uri.toString() === uri);
    return (line) => (document && line >= 1 && line <= document.lineCount ? document.lineAt(line - 1).text : "");
  }

  private post(message: ToPage): void {
    if (this.isReady) void this.view?.webview.postMessage(message);
  }
}

function isSame(section: Section, other: Section | undefined): boolean {
  return JSON.stringify(section) === JSON.stringify(other);
}

function isDark(): boolean {
  const { Dark, HighContrast } = vscode.ColorThemeKind;
  return [Dark, HighContrast].includes(vscode.window.activeColorTheme.kind);
}
