/**
 * The results on display for one document, and how notifications and edits change them.
 *
 * This is not a ledger: the server owns the results. It is what is on the screen, kept so that an
 * editor which is shown again can be painted, and so that a notification that was on its way while
 * the user typed is drawn where its statements are now. Pure: knows neither VS Code nor the server.
 */

import type { DidChangeResultsParams, SessionState, StatementResult } from "../protocol";

/** One replaced stretch of text: 0-based lines and column, and the line breaks put in its place. */
export interface LineEdit {
  startLine: number;
  startCharacter: number;
  endLine: number;
  insertedBreaks: number;
}

interface VersionEdits {
  version: number;
  edits: LineEdit[];
}

/** Enough for a notification that crosses a burst of typing; more would only cost memory. */
const rememberedVersions = 200;

export class DisplayedResults {
  /** The session's state, as last heard of. */
  state: SessionState = "idle";
  private results = new Map<number, StatementResult>();
  private history: VersionEdits[] = [];
  private keptFromLostServer = new Set<number>();

  /** The results in document order. */
  all(): StatementResult[] {
    return [...this.results.values()].sort((a, b) => a.nodeIndex - b.nodeIndex);
  }

  /** Follow an edit that made `version`, as the editor itself moves what it has painted. */
  edit(version: number, edits: LineEdit[]): void {
    this.history.push({ version, edits });
    this.history.splice(0, this.history.length - rememberedVersions);
    for (const [index, result] of this.results) this.results.set(index, moveResult(result, edits));
  }

  /** Take in what the server says; its lines are those of `change.version`. */
  merge(change: DidChangeResultsParams): void {
    const changed = change.results.map((result) => this.toPresent(result, change.version));
    const before = this.results;
    if (change.full) this.results = new Map();
    for (const result of changed) this.put(result, before.get(result.nodeIndex));
    // A compile error has index -1, which no count removes. Once the server speaks of statements
    // again without repeating it, it has been corrected.
    if (changed.length > 0 && !changed.some(isCompileError)) this.results.delete(-1);
    for (const index of this.results.keys()) if (index >= change.count) this.results.delete(index);
    this.state = change.state;
  }

  /** The server is gone: nothing here is known to be current, and nothing is running. */
  loseServer(): void {
    this.state = "dead";
    this.history = [];
    for (const [index, result] of this.results) {
      const status = result.status === "running" ? "interrupted" : result.status;
      // The one look that is decided here: there is no server to say it.
      const look = status === "notRun" ? "notRun" : "stale";
      this.results.set(index, { ...result, status, look, stale: true, staleReason: "the server stopped" });
      if (status !== "notRun") this.keptFromLostServer.add(index);
    }
  }

  /** A new server has run nothing yet; until it has, what the lost one had found stays in view. */
  private put(result: StatementResult, previous: StatementResult | undefined): void {
    const index = result.nodeIndex;
    const isSame = previous?.lineStart === result.lineStart && previous.lineEnd === result.lineEnd;
    if (result.status === "notRun" && previous && isSame && this.keptFromLostServer.has(index)) {
      this.results.set(index, previous);
      return;
    }
    this.keptFromLostServer.delete(index);
    this.results.set(index, result);
  }

  private toPresent(result: StatementResult, version: number): StatementResult {
    const since = this.history.filter((entry) => entry.version > version);
    return since.reduce((moved, entry) => moveResult(moved, entry.edits), result);
  }
}

/**
 * Where a 1-based line is after an edit.
 *
 * A line that is split keeps its first half's place unless the split is at its very start. Either
 * is a guess for the time until the server, which knows the statements, has answered the edit.
 */
export function moveLine(line: number, edit: LineEdit): number {
  const at = line - 1;
  const isBefore = at < edit.startLine || (at === edit.startLine && edit.startCharacter > 0);
  if (isBefore) return line;
  if (at < edit.endLine) return edit.startLine + edit.insertedBreaks + 1;
  return line + edit.insertedBreaks - (edit.endLine - edit.startLine);
}

function isCompileError(result: StatementResult): boolean {
  return result.nodeIndex < 0;
}

function moveResult(result: StatementResult, edits: LineEdit[]): StatementResult {
  // VS Code lists the changes of one event from the end of the document to its start, so that each
  // one's coordinates hold when they are applied in order.
  const move = (line: number) => edits.reduce((moved, edit) => moveLine(moved, edit), line);
  const { lineStart, lineEnd, markLine } = result;
  const moved = { ...result, lineStart: move(lineStart), lineEnd: move(lineEnd) };
  return markLine === undefined ? moved : { ...moved, markLine: move(markLine) };
}
