/** The status bar item: which Python, what it is doing, for how long; and the menu behind it. */

import { existsSync } from "node:fs";
import * as vscode from "vscode";
import type { KeptCheckpoints, SessionState, SessionStatus } from "../protocol";
import type { Server } from "../server/server";
import type { Painter } from "./painter";
import { type Alive, environmentName, statusText } from "./statusText";

export class StatusBar implements vscode.Disposable {
  private readonly item = vscode.window.createStatusBarItem("rdit.status", vscode.StatusBarAlignment.Right, 90);
  private readonly subscriptions: vscode.Disposable[];
  private readonly busySince = new Map<string, number>();
  private readonly sessions = new Map<string, SessionStatus>();
  private alive: Alive = { others: [], host: undefined };
  private lastStates = new Map<string, SessionState>();
  private ticking: NodeJS.Timeout | undefined;

  constructor(
    private readonly server: Server,
    private readonly painter: Painter,
    private readonly log: vscode.LogOutputChannel,
  ) {
    this.item.name = "rdit";
    this.item.command = "rdit.menu";
    this.subscriptions = [
      this.item,
      vscode.window.onDidChangeActiveTextEditor(() => this.draw()),
      server.onState(() => this.forget()),
      painter.onChange((uri) => this.follow(uri)),
    ];
    this.draw();
  }

  dispose(): void {
    clearInterval(this.ticking);
    vscode.Disposable.from(...this.subscriptions).dispose();
  }

  /** What is known of a document's checkpoints. */
  checkpointsOf(uri: string): KeptCheckpoints | undefined {
    return this.sessions.get(uri)?.checkpoints;
  }

  /** The path of the Python that a document runs in, once it has run. */
  pythonOf(uri: string): string | undefined {
    return this.sessions.get(uri)?.python ?? undefined;
  }

  /** Interpreter, process and checkpoints may be others after each change of state, and after what is asked for. */
  async askStatus(uri: string): Promise<void> {
    if (this.server.state !== "running") return;
    try {
      const { sessions, host } = await this.server.execute("rdit/status", {});
      // Another editor of the same document may write its address in another way.
      const isSame = (session: SessionStatus) => decodeURIComponent(session.uri) === decodeURIComponent(uri);
      const session = sessions.find(isSame);
      if (session) this.take(uri, session);
      this.alive = { others: sessions.filter((other) => !isSame(other) && other.pid !== null), host: host ?? undefined };
      this.draw();
    } catch (error) {
      // The item shows less then; a message box would not help.
      this.log.warn(`rdit/status: ${String(error)}`);
    }
  }

  private take(uri: string, session: SessionStatus): void {
    const { python, pythonVersion, pythonReason, pid } = session;
    if (python !== null && pid !== null && pid !== this.sessions.get(uri)?.pid) {
      const file = vscode.workspace.asRelativePath(vscode.Uri.parse(uri));
      const reason = pythonReason === undefined ? "" : `: ${pythonReason}`;
      this.log.info(`${file} runs in process ${pid} of ${python} (Python ${pythonVersion ?? "?"})${reason}.`);
    }
    this.sessions.set(uri, session);
  }

  /** Another server knows nothing of the sessions of the one before. */
  private forget(): void {
    this.busySince.clear();
    this.sessions.clear();
    this.lastStates.clear();
    this.draw();
  }

  /** It was closed here; its program may live on, and is asked about when it is opened again. */
  private forgetDocument(key: string): void {
    this.busySince.delete(key);
    this.sessions.delete(key);
    this.lastStates.delete(key);
    this.draw();
  }

  private follow(uri: vscode.Uri): void {
    const key = uri.toString();
    const state = this.painter.of(uri)?.state;
    if (state === this.lastStates.get(key)) return;
    if (state === undefined) {
      this.forgetDocument(key);
      return;
    }
    this.lastStates.set(key, state);
    if (state === "busy") this.busySince.set(key, Date.now());
    else this.busySince.delete(key);
    void this.askStatus(key);
    this.draw();
  }

  private draw(): void {
    const document = vscode.window.activeTextEditor?.document;
    const isPython = document?.languageId === "python";
    // An output panel with the focus must not hide what runs beside it.
    if (!isPython && vscode.window.activeTextEditor) this.item.hide();
    if (!isPython) return;
    const key = document.uri.toString();
    const since = this.busySince.get(key);
    const status = this.sessions.get(key);
    const { text, tooltip, isWarning } = statusText({
      server: this.server.state,
      session: this.painter.of(document.uri)?.state,
      status,
      environment: status?.python ? environmentName(status.python, existsSync) : undefined,
      alive: this.alive,
      busyMs: since === undefined ? undefined : Date.now() - since,
    });
    this.item.text = text;
    this.item.tooltip = tooltip;
    this.item.accessibilityInformation = { label: tooltip };
    this.item.backgroundColor = isWarning ? new vscode.ThemeColor("statusBarItem.warningBackground") : undefined;
    this.item.show();
    this.tick(since !== undefined);
    void vscode.commands.executeCommand("setContext", "rdit.busy", since !== undefined);
  }

  private tick(isBusy: boolean): void {
    if (isBusy) this.ticking ??= setInterval(() => this.draw(), 1000);
    else {
      clearInterval(this.ticking);
      this.ticking = undefined;
    }
  }
}
