/** What commands work with: the parts of the extension that `extension.ts` makes. */

import type * as vscode from "vscode";
import type { Server } from "../server/server";
import type { Painter } from "../view/painter";
import type { Panel } from "../view/panel";
import type { StatusBar } from "../view/statusBar";
import type { Keybinding } from "./keys";
import type { Tables } from "../view/tables";
import type { VariablesView } from "../view/variablesView";

export interface Parts {
  server: Server;
  painter: Painter;
  panel: Panel;
  variablesView: VariablesView;
  tables: Tables;
  statusBar: StatusBar;
  log: vscode.LogOutputChannel;
  /** Expressions that were asked for, and their values. */
  evaluations: vscode.OutputChannel;
  /** The keys that the extension has for its commands. */
  keybindings: Keybinding[];
}
