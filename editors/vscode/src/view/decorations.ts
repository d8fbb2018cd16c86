/**
 * From statement results to what is drawn beside the code: one mark a line, and one sign a statement.
 *
 * Pure: knows neither VS Code nor the server.
 */

import type { OutputItem, StatementResult } from "../protocol";

/** The looks that must be told apart in every theme; each has a colour, a sign and a text mark. */
export const looks = ["fresh", "stale", "running", "error", "notRun"] as const;
export type Look = (typeof looks)[number];

export interface Mark {
  /** 1-based. */
  line: number;
  look: Look;
  text: string;
}

export interface Sign {
  /** 1-based. */
  line: number;
  look: Look;
}

/** Colours alone exclude people, so every look also has its own first character. */
const characters: Record<Look, string> = {
  fresh: "→",
  stale: "~",
  running: "⋯",
  error: "✗",
  notRun: "○",
};

/** Stopped on purpose: drawn like an error, as there is no result, but not called one. */
const stoppedCharacter = "■";
const stopped: ReadonlySet<StatementResult["status"]> = new Set(["interrupted", "timeout", "exit"] as const);

/** Results kept from an earlier run must not look as if they had just been made. */
const reusedCharacter = "⇢";

/** On a shared line or statement, the look that most needs attention wins. */
const urgency: Look[] = ["running", "error", "stale", "notRun", "fresh"];

export function lookOf(result: StatementResult): Look {
  if (result.status === "running") return "running";
  if (result.status === "notRun") return "notRun";
  if (result.stale) return "stale";
  if (result.status === "ok") return "fresh";
  if (result.status === "exit" && !result.exitCode) return "fresh";
  return "error";
}

/** The marks of a document, at most one a line; none for a document of which nothing has run. */
export function marksOf(results: StatementResult[], maxLength: number): Mark[] {
  if (results.every((result) => result.status === "notRun")) return [];
  const byLine = new Map<number, StatementResult[]>();
  for (const result of results) {
    byLine.set(result.lineEnd, [...(byLine.get(result.lineEnd) ?? []), result]);
  }
  const marks: Mark[] = [];
  for (const [line, sharing] of byLine) {
    const texts = sharing.map(markText).filter((text) => text !== "");
    if (texts.length > 0) {
      marks.push({ line, look: mostUrgent(sharing.map(lookOf)), text: cut(texts.join("  "), maxLength) });
    }
  }
  return marks;
}

/** The signs for the gutter, at most one a line; none for a document of which nothing has run. */
export function signsOf(results: StatementResult[]): Sign[] {
  if (results.every((result) => result.status === "notRun")) return [];
  const byLine = new Map<number, Look[]>();
  for (const result of results) {
    byLine.set(result.lineStart, [...(byLine.get(result.lineStart) ?? []), lookOf(result)]);
  }
  return [...byLine].map(([line, lookings]) => ({ line, look: mostUrgent(lookings) }));
}

/** `350 ms`, `1.2 s`, `2 min 5 s`. */
export function duration(milliseconds: number): string {
  if (milliseconds < 0.1) return "under 0.1 ms";
  if (milliseconds < 10) return `${Number(milliseconds.toFixed(1))} ms`;
  if (milliseconds < 1000) return `${Math.round(milliseconds)} ms`;
  if (milliseconds < 60_000) return `${(milliseconds / 1000).toFixed(1)} s`;
  const seconds = Math.round(milliseconds / 1000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

function mostUrgent(candidates: Look[]): Look {
  return urgency.find((look) => candidates.includes(look)) ?? "fresh";
}

function markText(result: StatementResult): string {
  const look = lookOf(result);
  const summary = oneLine(result.summary ?? summarize(result));
  const character = characterOf(result, look);
  // A fresh statement with nothing to say is told by its sign; a second mark would be noise.
  if (look === "fresh" && summary === "" && !isSlow(result)) return "";
  const time = isSlow(result) && look !== "running" ? `(${duration(result.durationMs ?? 0)})` : "";
  return [character, summary, time].filter((part) => part !== "").join(" ");
}

function characterOf(result: StatementResult, look: Look): string {
  if (look === "fresh" && result.reused) return reusedCharacter;
  if (look === "error" && stopped.has(result.status)) return stoppedCharacter;
  return characters[look];
}

function isSlow(result: StatementResult): boolean {
  return (result.durationMs ?? 0) >= 1000;
}

/** For a server that sends no summary: the error, else the last value, else the last line printed. */
function summarize(result: StatementResult): string {
  if (result.status !== "ok" && result.status !== "error" && result.status !== "running") {
    return result.status === "notRun" ? "" : result.status;
  }
  const error = result.output.find((item) => item.type === "error");
  if (error) return summarizeItem(error);
  const value = result.output.findLast((item) => item.type === "result" || item.type === "display");
  const item = value ?? result.output.at(-1);
  return item ? summarizeItem(item) : "";
}

function summarizeItem(item: OutputItem): string {
  if (item.type === "error") return item.value ? `${item.name}: ${item.value}` : item.name;
  const lines = item.text.trimEnd().split("\n");
  return (item.type === "stdout" || item.type === "stderr" ? lines.at(-1) : lines[0]) ?? "";
}

/**
 * Line breaks and runs of spaces would be swallowed by CSS; no-break spaces are drawn as they are.
 * Colours of a terminal are the output panel's matter.
 */
function oneLine(text: string): string {
  return text
    .replace(escapeSequences, "")
    .trim()
    .replace(/\s*[\r\n\u2028\u2029\f\v]+\s*/g, " ⏎ ")
    .replace(/[ \t]{2,}/g, (gap) => "\u00a0".repeat(gap.length));
}

// eslint-disable-next-line no-control-regex -- control characters are what this is about.
const escapeSequences = /\x1b\[[0-9;:?]*[ -/]*[@-~]/g;

function cut(text: string, maxLength: number): string {
  const characters = [...text];
  return characters.length <= maxLength ? text : `${characters.slice(0, maxLength - 1).join("")}…`;
}
