/** Tables of the program in editors of their own: rows are asked for as one scrolls, and again after each run. */

import { randomBytes } from "node:crypto";
import * as vscode from "vscode";
import type { Server } from "../server/server";
import type { Painter } from "./painter";
import { type RowsMessage, type RowsRequest, tablePage } from "./tablePage";

export class Tables implements vscode.Disposable {
  private readonly shown = new Map<string, vscode.WebviewPanel>();
  private readonly subscription: vscode.Disposable;
  private readonly wereBusy = new Set<string>();

  constructor(
    private readonly server: Server,
    private readonly painter: Painter,
    private readonly extensionUri: vscode.Uri,
  ) {
    this.subscription = painter.onChange((uri) => this.renew(uri));
  }

  dispose(): void {
    this.subscription.dispose();
    for (const view of this.shown.values()) view.dispose();
  }

  show(uri: string, name: string): void {
    const key = JSON.stringify([uri, name]);
    const view = this.shown.get(key) ?? this.create(uri, name, () => this.shown.delete(key));
    this.shown.set(key, view);
    view.reveal();
  }

  private create(uri: string, name: string, onClose: () => void): vscode.WebviewPanel {
    const dist = vscode.Uri.joinPath(this.extensionUri, "dist");
    const options = { enableScripts: true, enableForms: false, localResourceRoots: [dist] };
    const view = vscode.window.createWebviewPanel("rdit.table", name, vscode.ViewColumn.Beside, options);
    view.webview.onDidReceiveMessage(async (request: RowsRequest) => {
      await view.webview.postMessage(await this.rows(uri, name, request));
    });
    view.onDidDispose(onClose);
    const script = view.webview.asWebviewUri(vscode.Uri.joinPath(dist, "table.js")).toString();
    view.webview.html = tablePage({ script, nonce: randomBytes(16).toString("hex") });
    return view;
  }

  private async rows(uri: string, name: string, { first, count }: RowsRequest): Promise<RowsMessage> {
    try {
      return { first, table: await this.server.execute("rdit/table", { uri, name, first, count }) };
    } catch (error) {
      return { first, problem: error instanceof Error ? error.message : String(error) };
    }
  }

  /** After a run of its document a table may have other rows. */
  private renew(uri: vscode.Uri): void {
    const isBusy = this.painter.of(uri)?.state === "busy";
    const wasBusy = this.wereBusy.has(uri.toString());
    if (isBusy) this.wereBusy.add(uri.toString());
    else this.wereBusy.delete(uri.toString());
    if (isBusy || !wasBusy) return;
    const news: RowsMessage = { first: 0, isNew: true };
    for (const [key, view] of this.shown) {
      if ((JSON.parse(key) as string[])[0] === uri.toString()) void view.webview.postMessage(news);
    }
  }
}
