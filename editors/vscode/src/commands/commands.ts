/** Every command by its name: look up where, call the server, show the answer. */

import * as vscode from "vscode";
import type { Variable } from "../protocol";
import { explain } from "../server/server";
import { keep, restore } from "./checkpoints";
import { currentPlace, currentUri } from "./currentEditor";
import { evaluate } from "./evaluate";
import { openExample } from "./example";
import { exportResults } from "./export";
import { importNotebook } from "./importNotebook";
import { showMenu } from "./menu";
import type { Parts } from "./parts";
import { copy, open } from "./resultActions";
import { execute, interrupt, reset, runStatement, transact } from "./run";

/** @param argument What a menu gives along, such as the file that was clicked on. */
type Command = (parts: Parts, argument: unknown) => unknown;

const commands: Record<string, Command> = {
  "rdit.runStatement": runStatement,
  "rdit.runSelection": (parts) => execute(parts, "range"),
  "rdit.runCell": (parts) => execute(parts, "cell"),
  "rdit.runToHere": (parts) => execute(parts, "toHere"),
  "rdit.runBelow": (parts) => execute(parts, "fromHere"),
  "rdit.runFile": (parts) => execute(parts, "file"),
  "rdit.update": (parts) => execute(parts, "stale"),
  "rdit.dryRun": (parts) => transact(parts, "rollback_always"),
  "rdit.runOrTakeBack": (parts) => transact(parts, "commit_on_success"),
  "rdit.interrupt": interrupt,
  "rdit.reset": reset,
  "rdit.checkpoint": ({ server, statusBar }) => keep(server, statusBar, currentUri()),
  "rdit.restore": ({ server, statusBar }) => restore(server, statusBar, currentUri()),
  "rdit.variables": ({ variablesView }) => variablesView.show(),
  "rdit.openTable": ({ variablesView, tables }, item) => variablesView.openTable(tables, item as Variable | undefined),
  "rdit.sortVariables": ({ variablesView }) => variablesView.sort(),
  "rdit.showOutputs": ({ panel }) => panel.show({ isWholeDocument: false }),
  "rdit.showStatementOutputs": ({ panel }) => panel.show({ isWholeDocument: false }),
  "rdit.showAllOutputs": ({ panel }) => panel.show({ isWholeDocument: true }),
  "rdit.pinOutputs": ({ panel }) => panel.togglePin(),
  "rdit.openOutputsAsText": ({ panel }) => panel.openAsText(),
  "rdit.copyResult": async ({ server }) => copy(await server.execute("rdit/copyResult", currentPlace())),
  "rdit.openPicture": async ({ server }) => open(await server.execute("rdit/openPicture", { ...currentPlace(), show: false })),
  "rdit.evaluate": evaluate,
  "rdit.export": exportResults,
  "rdit.importNotebook": importNotebook,
  "rdit.showLog": ({ log }) => log.show(),
  "rdit.restartServer": ({ server }) => server.restart(),
  "rdit.menu": showMenu,
  "rdit.newExample": openExample,
};

export function registerCommands(parts: Parts): vscode.Disposable[] {
  return Object.entries(commands).map(([id, command]) =>
    vscode.commands.registerCommand(id, async (argument: unknown) => {
      try {
        await command(parts, argument);
      } catch (error) {
        explain(error);
      }
    }),
  );
}
