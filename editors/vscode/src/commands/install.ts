/** Says in which Python a module is missing, and begins to install it. */

import * as vscode from "vscode";
import type { StatementResult } from "../protocol";
import { installCommand, missingModule } from "./missingModule";
import type { Parts } from "./parts";

const installButton = "Install in Terminal";
const chooseButton = "Choose Interpreter";

/** What has been said once is not said again at each run. */
const said = new Set<string>();

export async function offerToInstall({ statusBar }: Parts, uri: string, results: StatementResult[]): Promise<void> {
  const module = missingModule(results);
  if (module === undefined) return;
  // The first run may be over before it is known where it ran.
  await statusBar.askStatus(uri);
  const python = statusBar.pythonOf(uri);
  if (python === undefined || said.has(`${python} ${module}`)) return;
  said.add(`${python} ${module}`);
  const buttons = [installButton, ...(vscode.extensions.getExtension("ms-python.python") ? [chooseButton] : [])];
  const choice = await vscode.window.showInformationMessage(`rdit: ${python} has no module “${module}”.`, ...buttons);
  if (choice === installButton) propose(installCommand(python, module));
  if (choice === chooseButton) await vscode.commands.executeCommand("python.setInterpreter");
}

/** The command waits in a terminal for Enter: the package may have another name. */
function propose(command: string): void {
  const terminal = vscode.window.createTerminal("rdit");
  terminal.show();
  terminal.sendText(command, false);
}
