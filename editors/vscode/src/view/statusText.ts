/** What the status bar says. Pure. */

import * as path from "node:path";
import type { SessionState, SessionStatus } from "../protocol";
import type { ServerState } from "../server/server";
import { countSentence, refusedSentence } from "./checkpointText";

export interface StatusInput {
  server: ServerState;
  session: SessionState | undefined;
  status: SessionStatus | undefined;
  /** What the environment of its Python is called; undefined for one that is in none. */
  environment: string | undefined;
  /** How long the session has been busy. */
  busyMs: number | undefined;
}

export interface StatusText {
  text: string;
  tooltip: string;
  isWarning: boolean;
}

export function statusText(input: StatusInput): StatusText {
  if (input.server === "stopped") return { text: "$(error) rdit", tooltip: "rdit: the server is not running", isWarning: true };
  if (input.server === "starting") return { text: "$(loading~spin) rdit", tooltip: "rdit: the server is starting", isWarning: false };
  const version = input.status?.pythonVersion;
  const environment = input.environment === undefined ? "" : ` (${input.environment})`;
  const python = version ? `Python ${version}${environment}` : "rdit";
  const about = [`rdit: ${sentence(input.session)}`, interpreter(input.status), ...checkpoints(input.status)];
  const tooltip = about.filter(Boolean).join("\n");
  switch (input.session) {
    case "busy":
      return { text: `$(sync~spin) ${python}${input.busyMs === undefined ? "" : ` · ${wholeSeconds(input.busyMs)}`}`, tooltip, isWarning: false };
    case "starting":
      return { text: `$(loading~spin) ${python}`, tooltip, isWarning: false };
    case "dead":
      return { text: `$(warning) ${python}`, tooltip, isWarning: true };
    default:
      return { text: `$(play-circle) ${python}`, tooltip, isWarning: false };
  }
}

function sentence(state: SessionState | undefined): string {
  switch (state) {
    case "busy":
      return "running";
    case "starting":
      return "starting Python";
    case "dead":
      return "the Python process ended; the next run starts a new one";
    default:
      return "ready";
  }
}

function interpreter(status: SessionStatus | undefined): string {
  if (!status?.python) return "";
  const process = status.pid === null ? "" : ` (process ${status.pid})`;
  const reason = status.pythonReason === undefined ? "" : `\n${status.pythonReason}`;
  return `${status.python}${process}${reason}`;
}

function checkpoints(status: SessionStatus | undefined): string[] {
  const kept = status?.checkpoints;
  return kept ? [countSentence(kept), refusedSentence(kept) ?? ""] : [];
}

/**
 * What the environment of an interpreter is called: its folder's name.
 *
 * @param python Its path, `sys.executable`.
 * @param exists Whether there is a file or folder.
 */
export function environmentName(python: string, exists: (path: string) => boolean): string | undefined {
  const folder = path.dirname(path.dirname(python));
  const isEnvironment = ["pyvenv.cfg", "conda-meta"].some((sign) => exists(path.join(folder, sign)));
  return isEnvironment ? path.basename(folder) : undefined;
}

/** Tenths of seconds in the status bar would only flicker. */
function wholeSeconds(milliseconds: number): string {
  const seconds = Math.floor(milliseconds / 1000);
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}
