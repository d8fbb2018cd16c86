/**
 * Keeps the tabs of documents that run.
 *
 * A click in the Explorer opens a preview, which the next click replaces: that closes the document, and its
 * program ends. VS Code keeps such a tab at the first edit, for the same reason.
 */

import * as vscode from "vscode";
import type { Painter } from "./painter";

/** Keep each document's tab from its first run on. */
export function keepTabsThatRun(painter: Painter): vscode.Disposable {
  return painter.onChange((uri) => {
    const state = painter.of(uri)?.state;
    if (state === "starting" || state === "busy") void keep(uri);
  });
}

async function keep(uri: vscode.Uri): Promise<void> {
  for (const { viewColumn, activeTab } of vscode.window.tabGroups.all) {
    if (activeTab?.isPreview && shows(activeTab, uri)) {
      await vscode.window.showTextDocument(uri, { viewColumn, preserveFocus: true, preview: false });
    }
  }
}

function shows({ input }: vscode.Tab, uri: vscode.Uri): boolean {
  return input instanceof vscode.TabInputText && input.uri.toString() === uri.toString();
}
