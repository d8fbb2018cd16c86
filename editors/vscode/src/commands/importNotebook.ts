/** Making a script of a notebook, and opening it. */

import { existsSync } from "node:fs";
import * as path from "node:path";
import * as vscode from "vscode";
import type { Parts } from "./parts";

/** @param chosen The notebook that was clicked on in the Explorer. */
export async function importNotebook({ server }: Parts, chosen: unknown): Promise<void> {
  const notebook = chosen instanceof vscode.Uri ? chosen : (openNotebook() ?? (await pickNotebook()));
  if (!notebook) return;
  const target = await targetFor(notebook);
  if (!target) return;
  const params = { uri: notebook.toString(), output: target.fsPath };
  const { path: written, losses } = await server.execute("rdit/import", params);
  await vscode.window.showTextDocument(vscode.Uri.file(written), { preview: false });
  if (losses.length > 0) void vscode.window.showWarningMessage(`rdit: ${path.basename(written)}: ${losses.join(" ")}`);
}

/** The notebook of the tab in front. */
function openNotebook(): vscode.Uri | undefined {
  const input = vscode.window.tabGroups.activeTabGroup.activeTab?.input;
  const hasUri = input instanceof vscode.TabInputNotebook || input instanceof vscode.TabInputText || input instanceof vscode.TabInputCustom;
  return hasUri && input.uri.path.endsWith(".ipynb") ? input.uri : undefined;
}

async function pickNotebook(): Promise<vscode.Uri | undefined> {
  return (await vscode.window.showOpenDialog({ filters: { "Jupyter Notebook": ["ipynb"] } }))?.[0];
}

/** Beside the notebook; where something is there already, VS Code asks what to do with it. */
async function targetFor(notebook: vscode.Uri): Promise<vscode.Uri | undefined> {
  const target = notebook.with({ path: notebook.path.replace(/\.ipynb$/, ".py") });
  if (!existsSync(target.fsPath)) return target;
  return vscode.window.showSaveDialog({ defaultUri: target, filters: { Python: ["py"] } });
}
