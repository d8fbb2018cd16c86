/** Statement results for the tests: only what a test is about is written in it. */

import type { StatementResult } from "../src/protocol";

export function result(changes: Partial<StatementResult> = {}): StatementResult {
  const lineStart = changes.lineStart ?? (changes.nodeIndex ?? 0) + 1;
  return {
    nodeIndex: 0,
    lineStart,
    lineEnd: changes.lineEnd ?? lineStart,
    isExpr: false,
    status: "ok",
    look: "fresh",
    isInvisible: true,
    durationMs: 1,
    output: [],
    ...changes,
  };
}

export function value(text: string): StatementResult["output"] {
  return [{ type: "result", text, data: { "text/plain": text } }];
}

export function printed(text: string): StatementResult["output"] {
  return [{ type: "stdout", text }];
}

export function failure(name: string, message: string): StatementResult["output"] {
  return [{ type: "error", text: `Traceback\n${name}: ${message}\n`, name, value: message, frames: [] }];
}
