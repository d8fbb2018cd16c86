/**
 * The one argument that each of rdit's commands takes, built from where the user is.
 *
 * Pure: knows neither VS Code nor the server.
 */

import type { ExecuteParams, LineRange, Position, Scope, StatementResult, TransactionPolicy } from "../protocol";

/** Where a command was given: a document's version, and the selection in it (LSP positions). */
export interface Place {
  uri: string;
  version: number;
  start: Position;
  end: Position;
  /** Where the cursor blinks: `start` or `end`. */
  active: Position;
}

/** The scopes that depend on where the cursor is. */
const placedScopes: ReadonlySet<Scope> = new Set<Scope>(["toHere", "statement", "cell", "fromHere"]);

export function executeParams(scope: Scope, place: Place): ExecuteParams {
  const params: ExecuteParams = { uri: place.uri, version: place.version, scope };
  if (scope === "range") params.lineRange = selectedLines(place);
  if (placedScopes.has(scope)) params.position = place.active;
  return params;
}

/** Run the selected lines, or the file where nothing is selected, as something that may be taken back. */
export function transactionParams(policy: TransactionPolicy, place: Place): ExecuteParams {
  const { start, end } = place;
  const isEmpty = start.line === end.line && start.character === end.character;
  return { ...executeParams(isEmpty ? "file" : "range", place), transactionPolicy: policy };
}

/** The lines a selection touches; one that ends at the very start of a line does not touch it. */
export function selectedLines(place: Place): LineRange {
  const endsBeforeLine = place.end.character === 0 && place.end.line > place.start.line;
  return { from: place.start.line + 1, to: place.end.line + (endsBeforeLine ? 0 : 1) };
}

/** The last line (1-based) of what is at a 0-based line, when there is a result for it. */
export function statementEnd(results: StatementResult[], line: number): number | undefined {
  const here = results.filter((result) => result.lineStart <= line + 1 && line + 1 <= result.lineEnd);
  return here.length > 0 ? Math.max(...here.map((result) => result.lineEnd)) : undefined;
}

/** The first 0-based line past a 1-based one that is neither blank nor a comment. */
export function nextCodeLine(lines: string[], end: number): number | undefined {
  const next = lines.findIndex((text, line) => line >= end && !/^\s*(#|$)/.test(text));
  return next < 0 ? undefined : next;
}
