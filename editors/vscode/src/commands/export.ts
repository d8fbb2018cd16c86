/** Writing a document with the results it has as a page, a notebook, Markdown or a script. */

import * as path from "node:path";
import * as vscode from "vscode";
import type { ExportParams } from "../protocol";
import { currentEditor } from "./currentEditor";
import type { Parts } from "./parts";

interface Format extends vscode.QuickPickItem {
  to: NonNullable<ExportParams["to"]>;
  /** What takes the place of `.py`. */
  suffix: string;
}

const formats: Format[] = [
  { label: "HTML Page", description: "one file, without scripts", to: "html", suffix: ".html" },
  { label: "Jupyter Notebook", to: "ipynb", suffix: ".ipynb" },
  { label: "Markdown", description: "with pictures beside it", to: "md", suffix: ".md" },
  { label: "Python Script", description: "with its results as comments", to: "py", suffix: ".results.py" },
];

export async function exportResults({ server }: Parts): Promise<void> {
  const { uri } = currentEditor().document;
  const options = { title: "Export with Results", placeHolder: "Nothing runs: the results are those on the screen" };
  const format = await vscode.window.showQuickPick(formats, options);
  if (!format) return;
  const suffix = format.suffix.split(".").at(-1) ?? "";
  const target = await vscode.window.showSaveDialog({ defaultUri: beside(uri, format.suffix), filters: { [format.label]: [suffix] } });
  if (!target) return;
  const written = await server.execute("rdit/export", { uri: uri.toString(), to: format.to, output: target.fsPath });
  await offerToOpen(vscode.Uri.file(written.path), format);
}

async function offerToOpen(file: vscode.Uri, { to }: Format): Promise<void> {
  const choice = await vscode.window.showInformationMessage(`rdit: exported to ${path.basename(file.path)}.`, "Open");
  if (choice === undefined) return;
  // A browser shows a page, but only one that is on the same machine as VS Code's window.
  if (to === "html" && isLocal()) await vscode.env.openExternal(file);
  else await vscode.commands.executeCommand("vscode.open", file, { viewColumn: vscode.ViewColumn.Beside });
}

function isLocal(): boolean {
  return vscode.env.remoteName === undefined && vscode.env.uiKind === vscode.UIKind.Desktop;
}

function beside(uri: vscode.Uri, suffix: string): vscode.Uri {
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
  const name = `${path.posix.basename(uri.path, ".py")}${suffix}`;
  if (uri.scheme === "file") return vscode.Uri.joinPath(uri, "..", name);
  return folder ? vscode.Uri.joinPath(folder, name) : vscode.Uri.file(`/${name}`);
}
