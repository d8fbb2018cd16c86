/** The settings of this extension itself; those of the server are in `serverSettings.ts`. */

import * as vscode from "vscode";
import type { LensSetting } from "./codeLenses";
import { hasOtherServer, serverSettings, type ServerSettings } from "./serverSettings";

export interface Settings {
  serverPython: string;
  serverCommand: string[];
  show: "decorations" | "hints";
  showGutter: boolean;
  maxLength: number;
  codeLens: LensSetting;
  openOutputs: boolean;
  allowHtml: boolean;
  allowScripts: boolean;
}

export function settings(resource?: vscode.Uri): Settings {
  const section = vscode.workspace.getConfiguration("rdit", resource);
  return {
    serverPython: section.get("server.python", ""),
    serverCommand: section.get("server.command", []),
    show: section.get("show", "decorations"),
    showGutter: section.get("gutter", true),
    maxLength: section.get("maxLength", 120),
    codeLens: section.get("codeLens", "off"),
    openOutputs: section.get("openOutputs", true),
    allowHtml: section.get("allowHtml", true),
    allowScripts: section.get("allowScripts", false),
  };
}

/** What the server gets for a document or folder. */
export function settingsForServer(resource: vscode.Uri | undefined, chosenPython: string | undefined): ServerSettings {
  const section = vscode.workspace.getConfiguration("rdit", resource);
  const languageServer = vscode.workspace.getConfiguration("python", resource).get<string>("languageServer");
  const hasOther = hasOtherServer((id) => vscode.extensions.getExtension(id) !== undefined, languageServer);
  return serverSettings((key) => section.inspect(key), chosenPython, hasOther);
}
