/** Wiring: makes the parts, connects them, and takes them down again. */

import * as vscode from "vscode";
import { registerCommands } from "./commands/commands";
import { actOnResult } from "./commands/resultActions";
import type { Keybinding } from "./commands/keys";
import { ChosenPython } from "./server/python";
import { explain, Server } from "./server/server";
import { settings } from "./server/settings";
import { answerInput } from "./view/input";
import { Painter } from "./view/painter";
import { Panel } from "./view/panel";
import { keepTabsThatRun } from "./view/previews";
import { StatusBar } from "./view/statusBar";
import { Tables } from "./view/tables";
import { VariablesView } from "./view/variablesView";

let server: Server | undefined;

export async function activate(context: vscode.ExtensionContext): Promise<void> {
  const log = vscode.window.createOutputChannel("rdit", { log: true });
  const chosenPython = await ChosenPython.find(log);
  server = new Server(context.extensionPath, log, chosenPython, { answerInput, runCommand: actOnResult });
  const painter = new Painter(context.extensionUri);
  const panel = new Panel(server, painter, context.extensionUri);
  const variablesView = new VariablesView(server, painter);
  const tables = new Tables(server, painter, context.extensionUri);
  const statusBar = new StatusBar(server, painter, log);
  const evaluations = vscode.window.createOutputChannel("rdit evaluations", "python");
  const parts = {
    server,
    painter,
    panel,
    variablesView,
    tables,
    statusBar,
    log,
    evaluations,
    keybindings: keybindingsOf(context.extension),
  };
  context.subscriptions.push(
    log,
    evaluations,
    server,
    painter,
    panel,
    variablesView,
    tables,
    statusBar,
    ...registerCommands(parts),
    ...connect(server, painter, panel, chosenPython),
  );
  // Not awaited: a slow server must not hold up the commands, which wait for it by themselves.
  server.start().catch(explain);
}

/** VS Code waits for this: the server, and with it all that it runs, is gone afterwards. */
export async function deactivate(): Promise<void> {
  await server?.stop();
}

function connect(server: Server, painter: Painter, panel: Panel, chosenPython: ChosenPython): vscode.Disposable[] {
  const report = (promise: Promise<void>) => void promise.catch(explain);
  return [
    server.onResults((change) => {
      painter.take(change);
      panel.openAtFirst(change);
    }),
    painter.onChange((uri) => refreshHints(server, uri)),
    keepTabsThatRun(painter),
    server.onState((state) => {
      if (state === "stopped") painter.loseServer();
      if (state === "running") hideWhatIsNotOffered(server);
    }),
    chosenPython.onDidChange(() => report(server.sendSettings())),
    vscode.extensions.onDidChange(() => report(server.sendSettings())),
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration("python.languageServer")) report(server.sendSettings());
      if (!event.affectsConfiguration("rdit")) return;
      painter.repaintAll();
      server.refreshFilters();
      const isServers = event.affectsConfiguration("rdit.server");
      report(isServers ? server.restart() : server.sendSettings());
    }),
  ];
}

function keybindingsOf({ packageJSON }: vscode.Extension<unknown>): Keybinding[] {
  return (packageJSON as { contributes: { keybindings: Keybinding[] } }).contributes.keybindings;
}

/** The server sends no refresh to a client that draws results by itself; one that shows hints needs it. */
function refreshHints(server: Server, uri: vscode.Uri): void {
  if (settings(uri).show !== "hints") return;
  const document = vscode.workspace.textDocuments.find((candidate) => candidate.uri.toString() === uri.toString());
  if (document) server.refreshHints(document);
}

/** Menus and keys have no entries for what the server cannot do; until it is known, a command waits for the server. */
function hideWhatIsNotOffered(server: Server): void {
  void vscode.commands.executeCommand("setContext", "rdit.lacksCheckpoints", !server.offers("rdit/checkpoints"));
  void vscode.commands.executeCommand("setContext", "rdit.lacksVariables", !server.offers("rdit/variables"));
}
