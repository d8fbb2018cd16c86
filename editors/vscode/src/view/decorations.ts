/**
 * From statement results to what is drawn beside the code: one mark a line, and one sign a statement.
 *
 * Pure: knows neither VS Code nor the server.
 */

import type { Look, StatementResult } from "../protocol";

/** The looks that must be told apart in every theme; each has a colour, a sign and a text mark. */
export const looks = ["fresh", "stale", "outOfOrder", "running", "error", "stopped", "notRun"] as const satisfies Look[];

export interface Mark {
  /** 1-based. */
  line: number;
  look: Look;
  text: string;
  /** Which of two with different looks on the same line. */
  part?: "first" | "last";
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

/** The marks of a document, at most two a line; none for a document of which nothing has run. */
export function marksOf(results: StatementResult[], maxLength: number): Mark[] {
  if (results.every((result) => result.status === "notRun")) return [];
  const byLine = new Map<number, StatementResult[]>();
  const inOrder = [...results].sort((one, other) => one.nodeIndex - other.nodeIndex);
  for (const [index, result] of inOrder.entries()) {
    if (result.look === "notRun" && !endsRun(inOrder[index - 1])) continue;
    const line = result.markLine ?? result.lineEnd;
    byLine.set(line, [...(byLine.get(line) ?? []), result]);
  }
  return [...byLine].flatMap(([line, sharing]) => marksOfLine(line, sharing, maxLength));
}

/**
 * How wide a mark may be before it is cut with an ellipsis, in CSS.
 *
 * VS Code tells an extension nothing of an editor's width. So this takes the side bar for open and as wide as it is
 * at first, and the editors for equally wide: a mark that is cut too early is better than one that ends below the
 * minimap or has the editor scroll sideways.
 *
 * @param columns The columns of the code before it.
 * @param marks How many marks share what is left of the line.
 * @param groups How many editors are side by side.
 */
export function widestMark(columns: number, marks: 1 | 2, groups: number, hasMinimap: boolean): string {
  const aroundText = hasMinimap ? 180 : 90;
  return `max(30ch, calc(((100vw - 355px) / ${groups} - ${aroundText}px - ${columns + 6}ch) / ${marks} - 2em))`;
}

/** The columns that a line takes. */
export function columnsOf(text: string, tabSize: number): number {
  return [...text].reduce((column, character) => (character === "\t" ? column + tabSize - (column % tabSize) : column + 1), 0);
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

/** Statements on one line share a mark, unless their looks differ: an error beside a value makes no error of that. */
function marksOfLine(line: number, sharing: StatementResult[], maxLength: number): Mark[] {
  const runs: { look: Look; texts: string[] }[] = [];
  for (const result of sharing) {
    const look = drawnLook(result);
    const text = markText(result);
    if (text === "") continue;
    const last = runs.at(-1);
    if (last?.look === look) last.texts.push(text);
    else runs.push({ look, texts: [text] });
  }
  const [first, ...others] = runs;
  if (!first) return [];
  const texts = ({ texts: all }: { look: Look; texts: string[] }) => cut(withoutBare(all).join("  "), maxLength);
  const mark: Mark = { line, look: first.look, text: texts(first) };
  if (others.length === 0) return [mark];
  const look = mostUrgent(others.map((run) => run.look));
  return [
    { ...mark, part: "first" },
    { line, look, text: cut(others.map(texts).join("  "), maxLength), part: "last" },
  ];
}

/** The look is said once: a character without a text says nothing beside one with a text. */
function withoutBare(texts: string[]): string[] {
  const withText = texts.filter((text) => [...text].length > 1);
  return withText.length > 0 ? withText : texts.slice(0, 1);
}

function markText(result: StatementResult): string {
  const look = drawnLook(result);
  const summary = oneLine(result.summary ?? "");
  // A fresh statement with nothing to say is told by its sign; a second mark would be noise.
  if (look === "fresh" && summary === "" && !isSlow(result)) return "";
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
