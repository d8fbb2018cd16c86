/** The menu behind the status bar item. */

import * as vscode from "vscode";
import type { KeptCheckpoints, Requests } from "../protocol";
import { countSentence, refusedSentence } from "../view/checkpointText";
import { findEditor } from "./currentEditor";
import type { Parts } from "./parts";

interface MenuItem extends vscode.QuickPickItem {
  command?: string;
  arguments?: unknown[];
  /** What the server must offer for it. */
  needs?: keyof Requests;
}

const menu: MenuItem[] = [
  { label: "$(run-all) Run File", description: "from a clean start", command: "rdit.runFile" },
  { label: "$(refresh) Update", description: "run what is stale, no more", command: "rdit.update" },
  { label: "$(run-above) Run to Cursor", command: "rdit.runToHere" },
  { label: "$(beaker) Dry Run", description: "the selection or the file, then undo it", command: "rdit.dryRun", needs: "rdit/checkpoints" },
  { label: "$(discard) Run, and Take Back on Failure", description: "the selection or the file", command: "rdit.runOrTakeBack", needs: "rdit/checkpoints" },
  { label: "$(debug-stop) Interrupt", command: "rdit.interrupt" },
  { label: "$(clear-all) Reset", description: "forget all variables and results", command: "rdit.reset" },
  { label: "$(circle-slash) Stop Program", description: "its results stay", command: "rdit.stopProgram", needs: "rdit/stop" },
  { label: "", kind: vscode.QuickPickItemKind.Separator },
  { label: "$(open-preview) Show Outputs", command: "rdit.showOutputs" },
  { label: "$(symbol-variable) Show Variables", command: "rdit.variables", needs: "rdit/variables" },
  { label: "$(save) Keep Checkpoint…", command: "rdit.checkpoint", needs: "rdit/checkpoint" },
  { label: "$(history) Restore Checkpoint…", command: "rdit.restore", needs: "rdit/checkpoints" },
  { label: "", kind: vscode.QuickPickItemKind.Separator },
  { label: "$(settings-gear) Settings", command: "workbench.action.openSettings", arguments: ["@ext:rdit.rdit"] },
  { label: "$(output) Show Log", command: "rdit.showLog" },
  { label: "$(debug-restart) Restart Server", command: "rdit.restartServer" },
];

export async function showMenu({ server, statusBar }: Parts): Promise<void> {
  const uri = findEditor()?.document.uri.toString();
  const kept = uri === undefined ? undefined : statusBar.checkpointsOf(uri);
  const items = menu
    .filter((item) => item.needs === undefined || server.offers(item.needs))
    .map((item) => ({ ...item, ...(item.command !== undefined && aboutCheckpoints(item.command, kept)) }));
  const chosen = await vscode.window.showQuickPick(items, { placeHolder: "rdit" });
  if (chosen?.command) await vscode.commands.executeCommand(chosen.command, ...(chosen.arguments ?? []));
}

/** What an entry of the menu says of the checkpoints that there are. */
function aboutCheckpoints(command: string, kept: KeptCheckpoints | undefined): { description?: string } {
  if (!kept) return {};
  if (command === "rdit.restore") return { description: countSentence(kept) };
  const refused = command === "rdit.checkpoint" ? refusedSentence(kept) : undefined;
  return refused === undefined ? {} : { description: refused };
}
