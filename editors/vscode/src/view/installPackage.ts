/** Installing a package that a display needs: the command stands in a terminal, and the user runs it. */

import * as vscode from "vscode";
import type { Server } from "../server/server";

/**
 * @param uri The document whose Python gets it.
 * @param name The package.
 */
export async function installPackage(server: Server, uri: string, name: string): Promise<void> {
  const { sessions } = await server.execute("rdit/status", { uri });
  const python = sessions[0]?.python;
  if (!python || !/^[\w.-]+$/.test(name)) return;
  const terminal = vscode.window.createTerminal(`Install ${name}`);
  terminal.show();
  // Not run: whether this Python is the place for it is the user's to say.
  terminal.sendText(`"${python}" -m pip install ${name}`, false);
}
