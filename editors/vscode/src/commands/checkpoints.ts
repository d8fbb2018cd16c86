/** Keeping the state of a program, and going back to one. The server has them; nothing is kept here. */

import * as vscode from "vscode";
import type { Server } from "../server/server";
import { type Choice, checkpointChoices, keptSentence, restoredSentence } from "../view/checkpointText";
import type { StatusBar } from "../view/statusBar";

/** Ask for a name, which may be empty, and keep the state as it is. */
export async function keep(server: Server, statusBar: StatusBar, uri: string): Promise<void> {
  const name = await vscode.window.showInputBox({
    title: "Keep Checkpoint",
    prompt: "Name this checkpoint",
    placeHolder: "after line …",
  });
  // Escape. An empty name leaves it to the server.
  if (name === undefined) return;
  const made = await server.execute("rdit/checkpoint", { uri, ...(name.trim() && { name: name.trim() }) });
  say(keptSentence(made));
  await statusBar.askStatus(uri);
}

/** Have one of the document's checkpoints chosen, and go back to it. */
export async function restore(server: Server, statusBar: StatusBar, uri: string): Promise<void> {
  const { checkpoints } = await server.execute("rdit/checkpoints", { uri });
  const { byHand, automatic } = checkpointChoices(checkpoints);
  if (checkpoints.length === 0) {
    say("there is no checkpoint of this file yet");
    return;
  }
  const items = [...section("yours", byHand), ...section("automatic", automatic)];
  const options = { title: "Restore Checkpoint", placeHolder: "Choose a checkpoint to restore", matchOnDescription: true };
  const chosen = (await vscode.window.showQuickPick(items, options))?.checkpoint;
  if (!chosen) return;
  const { wayBack } = await server.execute("rdit/restore", { uri, checkpointId: chosen.checkpointId });
  say(restoredSentence(chosen, wayBack));
  await statusBar.askStatus(uri);
}

function section(title: string, choices: Choice[]): (vscode.QuickPickItem & Partial<Choice>)[] {
  if (choices.length === 0) return [];
  return [{ label: title, kind: vscode.QuickPickItemKind.Separator }, ...choices];
}

function say(sentence: string): void {
  vscode.window.setStatusBarMessage(`rdit: ${sentence}.`, 8000);
}
