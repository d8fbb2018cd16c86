/**
 * The variables of the program, as a list in the side bar that is renewed after each run.
 *
 * It keeps no more than what it shows, and asks only while it is in view: each question forks the program.
 */

import * as path from "node:path";
import * as vscode from "vscode";
import type { Variable, VariablesResult } from "../protocol";
import type { Server } from "../server/server";
import type { Painter } from "./painter";
import type { Tables } from "./tables";
import { sorted, type VariableOrder } from "./variableOrder";

const viewId = "rdit.variablesView";
const settleMilliseconds = 200;

const orders: (vscode.QuickPickItem & { order: VariableOrder })[] = [
  { label: "By Kind", description: "data first, then functions and classes, then modules", order: "kind" },
  { label: "By Name", order: "name" },
  { label: "By Type", order: "type" },
];

export class VariablesView implements vscode.TreeDataProvider<Variable>, vscode.Disposable {
  private readonly view: vscode.TreeView<Variable>;
  private readonly changes = new vscode.EventEmitter<void>();
  private readonly subscriptions: vscode.Disposable[];
  private order: VariableOrder = "kind";
  private uri: vscode.Uri | undefined;
  private shown: VariablesResult = { variables: [], origin: "now" };
  /** What had run when it was last asked. */
  private asked = "";
  private timer: NodeJS.Timeout | undefined;

  readonly onDidChangeTreeData = this.changes.event;

  constructor(
    private readonly server: Server,
    private readonly painter: Painter,
  ) {
    this.view = vscode.window.createTreeView(viewId, { treeDataProvider: this });
    this.subscriptions = [
      this.changes,
      this.view,
      this.view.onDidChangeVisibility(() => this.refreshSoon()),
      vscode.window.onDidChangeActiveTextEditor((editor) => this.follow(editor)),
      painter.onChange(() => this.refreshSoon()),
    ];
    this.follow(vscode.window.activeTextEditor);
  }

  dispose(): void {
    clearTimeout(this.timer);
    vscode.Disposable.from(...this.subscriptions).dispose();
  }

  getChildren(parent?: Variable): Variable[] {
    return parent ? [] : sorted(this.shown.variables, this.order);
  }

  getTreeItem(variable: Variable): vscode.TreeItem {
    const item = new vscode.TreeItem(variable.name);
    item.id = variable.name;
    item.description = variable.summary;
    item.tooltip = `${variable.name}: ${variable.type}\n${variable.summary}`;
    const isTable = variable.isTable === true && this.server.offers("rdit/table");
    item.iconPath = new vscode.ThemeIcon(isTable ? "symbol-array" : "symbol-variable");
    item.contextValue = isTable ? "table" : "value";
    if (this.uri && variable.lineStart !== undefined) {
      item.command = { command: "rdit.goTo", title: "Go to Line", arguments: [this.uri.toString(), variable.lineStart] };
    }
    return item;
  }

  async show(): Promise<void> {
    await vscode.commands.executeCommand(`${viewId}.focus`);
  }

  openTable(tables: Tables, variable: Variable | undefined): void {
    if (this.uri && variable) tables.show(this.uri.toString(), variable.name);
  }

  async sort(): Promise<void> {
    const chosen = await vscode.window.showQuickPick(orders, { placeHolder: "Sort the variables" });
    if (!chosen) return;
    this.order = chosen.order;
    this.changes.fire();
  }

  private follow(editor: vscode.TextEditor | undefined): void {
    if (editor?.document.languageId !== "python") return;
    this.uri = editor.document.uri;
    this.refreshSoon();
  }

  private refreshSoon(): void {
    if (!this.view.visible) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.refresh(), settleMilliseconds);
  }

  private async refresh(): Promise<void> {
    const uri = this.uri;
    if (!uri || this.server.state !== "running" || !this.server.offers("rdit/variables")) return;
    const hasRun = this.hasRun(uri);
    if (hasRun === undefined || hasRun === this.asked) return;
    try {
      const found = await this.server.execute("rdit/variables", { uri: uri.toString() });
      this.asked = hasRun;
      this.take(found, uri);
    } catch (error) {
      // It is asked again after the next run; what is shown is not of the present state.
      this.view.message = error instanceof Error ? error.message : String(error);
    }
  }

  private take(found: VariablesResult, uri: vscode.Uri): void {
    this.shown = found;
    this.view.description = path.basename(uri.path);
    const omitted = found.omitted ? `${found.omitted} more are not listed.` : "";
    const origin = found.variables.length === 0 || found.origin === "now" ? "" : `As they are ${found.origin}.`;
    this.view.message = [origin, omitted].join(" ").trim();
    this.changes.fire();
  }

  /** What tells one state of the program from another, by what is drawn of it; undefined while it runs. */
  private hasRun(uri: vscode.Uri): string | undefined {
    const displayed = this.painter.of(uri);
    if (displayed?.state === "busy" || displayed?.state === "starting") return undefined;
    const ran = (displayed?.all() ?? []).filter(({ status }) => status !== "notRun");
    return [uri.toString(), displayed?.state, ...ran.map(({ look, durationMs }) => `${look}${durationMs ?? ""}`)].join(" ");
  }
}
