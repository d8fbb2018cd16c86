/** The menu behind the status bar item. */

import * as vscode from "vscode";
import type { KeptCheckpoints, Requests } from "../protocol";
import { countSentence, refusedSentence } from "../view/checkpointText";
import { findEditor } from "./currentEditor";
import { type Keybinding, keysOf } from "./keys";
import type { Parts } from "./parts";

interface MenuItem extends vscode.QuickPickItem {
  command?: string;
  arguments?: unknown[];
  /** What the server must offer for it. */
  needs?: keyof Requests;
}

const separator: MenuItem = { label: "", kind: vscode.QuickPickItemKind.Separator };

const menu: MenuItem[] = [
  { label: "$(run-all) Run File", description: "from a clean start", command: "rdit.runFile" },
  { label: "$(refresh) Update", description: "run what is stale", command: "rdit.update" },
  { label: "$(play) Run Statement", description: "and move on", command: "rdit.runStatement" },
  { label: "$(list-selection) Run Selected Lines", command: "rdit.runSelection" },
  { label: "$(symbol-structure) Run Cell", command: "rdit.runCell" },
  { label: "$(run-above) Run to Cursor", command: "rdit.runToHere" },
  { label: "$(run-below) Run from Cursor to End", command: "rdit.runBelow" },
  { label: "$(beaker) Dry Run", description: "the selection or the file, then undo it", command: "rdit.dryRun", needs: "rdit/checkpoints" },
  { label: "$(discard) Run, and Take Back on Failure", description: "the selection or the file", command: "rdit.runOrTakeBack", needs: "rdit/checkpoints" },
  { label: "$(debug-stop) Interrupt", command: "rdit.interrupt" },
  { label: "$(clear-all) Reset", description: "forget all variables and results", command: "rdit.reset" },
  separator,
  { label: "$(open-preview) Show Outputs", command: "rdit.showOutputs" },
  { label: "$(symbol-variable) Show Variables", command: "rdit.variables", needs: "rdit/variables" },
  { label: "$(search) Evaluate…", description: "an expression, in the program as it is", command: "rdit.evaluate", needs: "rdit/evaluate" },
  { label: "$(save) Keep Checkpoint…", command: "rdit.checkpoint", needs: "rdit/checkpoint" },
  { label: "$(history) Restore Checkpoint…", command: "rdit.restore", needs: "rdit/checkpoints" },
  { label: "$(export) Export…", description: "with the results, as a page, a notebook or text", command: "rdit.export", needs: "rdit/export" },
  separator,
  { label: "$(settings-gear) Settings", command: "workbench.action.openSettings", arguments: ["@ext:rdit.rdit"] },
  { label: "$(output) Show Log", command: "rdit.showLog" },
  { label: "$(debug-restart) Restart Server", command: "rdit.restartServer" },
];

export async function showMenu({ server, statusBar, keybindings }: Parts): Promise<void> {
  const uri = findEditor()?.document.uri.toString();
  const kept = uri === undefined ? undefined : statusBar.checkpointsOf(uri);
  const items = menu
    .filter((item) => item.needs === undefined || server.offers(item.needs))
    .map((item) => ({ ...item, description: descriptionOf(item, kept, keybindings) }));
  const chosen = await vscode.window.showQuickPick(items, { placeHolder: "rdit" });
  if (chosen?.command) await vscode.commands.executeCommand(chosen.command, ...(chosen.arguments ?? []));
}

/** The keys of an entry, and what there is to say of it. */
function descriptionOf({ command, description }: MenuItem, kept: KeptCheckpoints | undefined, keybindings: Keybinding[]): string {
  if (command === undefined) return "";
  const keys = keysOf(command, keybindings, process.platform === "darwin");
  return [keys, aboutCheckpoints(command, kept) ?? description].filter(Boolean).join(" · ");
}

/** What an entry of the menu says of the checkpoints that there are. */
function aboutCheckpoints(command: string, kept: KeptCheckpoints | undefined): string | undefined {
  if (!kept) return undefined;
  if (command === "rdit.restore") return countSentence(kept);
  return command === "rdit.checkpoint" ? refusedSentence(kept) : undefined;
}
