/**
 * Copying a result to the clipboard, which LSP does not know, and opening pictures in an editor.
 *
 * The server's code actions and this extension's own commands both come here.
 */

import * as vscode from "vscode";
import type { CopyResult, PicturesResult } from "../protocol";

/**
 * Send one of the server's commands, and do here what the server cannot.
 *
 * @param send Sends it with these arguments.
 */
export async function actOnResult(
  command: string,
  args: unknown[],
  send: (args: unknown[]) => Promise<unknown>,
): Promise<unknown> {
  if (command === "rdit/copyResult") return copy((await send(args)) as CopyResult);
  if (command !== "rdit/openPicture") return send(args);
  // VS Code shows pictures itself, also those of a server on another machine.
  const ownArgs = args.map((argument) => ({ ...(argument as object), show: false }));
  return open((await send(ownArgs)) as PicturesResult);
}

export async function copy(result: CopyResult): Promise<void> {
  await vscode.env.clipboard.writeText(result.text);
  vscode.window.setStatusBarMessage("rdit: the result is on the clipboard.", 3000);
}

export async function open(result: PicturesResult): Promise<void> {
  for (const path of result.paths) {
    const column = { viewColumn: vscode.ViewColumn.Beside, preview: true };
    await vscode.commands.executeCommand("vscode.open", vscode.Uri.file(path), column);
  }
}
