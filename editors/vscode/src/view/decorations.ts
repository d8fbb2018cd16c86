/**
 * From statement results to what is drawn beside the code: one mark a line, and one sign a statement.
 *
 * Pure: knows neither VS Code nor the server.
 */

import type { Look, StatementResult } from "../protocol";

/** The looks that must be told apart in every theme; each has a colour, a sign and a text mark. */
export const looks = ["fresh", "restored", "stale", "outOfOrder", "running", "error", "stopped", "notRun"] as const satisfies Look[];

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
  restored: "↺",
  stale: "~",
  outOfOrder: "↷",
  running: "⋯",
  error: "✗",
  stopped: "■",
  notRun: "·",
};

/** Results kept from an earlier run must not look as if they had just been made. */
const reusedCharacter = "⇢";

/** On a shared line or statement, the look that most needs attention wins. */
const urgency: Look[] = ["running", "error", "stopped", "stale", "outOfOrder", "notRun", "restored", "fresh"];

/** The look to draw. One that only a newer server knows is drawn as stale: it must not pass for fresh. */
export function drawnLook({ look }: StatementResult): Look {
  return looks.includes(look) ? look : "stale";
}

/** The marks of a document, at most one a line; none for a document of which nothing has run. */
export function marksOf(results: StatementResult[], maxLength: number): Mark[] {
  if (results.every((result) => result.status === "notRun")) return [];
  const byLine = new Map<number, StatementResult[]>();
  const inOrder = [...results].sort((one, other) => one.nodeIndex - other.nodeIndex);
  for (const [index, result] of inOrder.entries()) {
    if (result.look === "notRun" && !endsRun(inOrder[index - 1])) continue;
    const line = result.markLine ?? result.lineEnd;
    byLine.set(line, [...(byLine.get(line) ?? []), result]);
  }
  const marks: Mark[] = [];
  for (const [line, sharing] of byLine) {
    const texts = sharing.map(markText).filter((text) => text !== "");
    if (texts.length > 0) {
      marks.push({ line, look: mostUrgent(sharing.map(drawnLook)), text: cut(texts.join("  "), maxLength) });
    }
  }
  return marks;
}

/** The signs for the gutter, at most one a line; none for a document of which nothing has run. */
export function signsOf(results: StatementResult[]): Sign[] {
  if (results.every((result) => result.status === "notRun")) return [];
  const byLine = new Map<number, Look[]>();
  for (const result of results) {
    byLine.set(result.lineStart, [...(byLine.get(result.lineStart) ?? []), drawnLook(result)]);
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

/** That a statement has not run is said once, below what has stopped the run; elsewhere its sign says it. */
function endsRun(before: StatementResult | undefined): boolean {
  return before?.look === "error" || before?.look === "stopped";
}

function mostUrgent(candidates: Look[]): Look {
  return urgency.find((look) => candidates.includes(look)) ?? "fresh";
}

function markText(result: StatementResult): string {
  const look = drawnLook(result);
  const summary = oneLine(result.summary ?? "");
  // A statement that is right and has nothing to say is told by its sign; a second mark would be noise.
  if ((look === "fresh" || look === "restored") && summary === "" && !isSlow(result)) return "";
  const character = look === "fresh" && result.reused ? reusedCharacter : characters[look];
  const time = isSlow(result) && look !== "running" ? tookTime(result, summary) : "";
  return [character, summary, time].filter((part) => part !== "").join(" ");
}

function isSlow(result: StatementResult): boolean {
  return (result.durationMs ?? 0) >= 1000;
}

/** A time by itself would read like a value. */
function tookTime({ durationMs }: StatementResult, summary: string): string {
  const time = duration(durationMs ?? 0);
  return summary === "" ? `took ${time}` : `(${time})`;
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
