/**
 * A server that sends every document the same results, one of each kind that the client can draw.
 *
 * The real server is used wherever it can be. This one stands in for kinds of output that depend on
 * packages which are not here (plots, tables), so that the real editor is seen to draw them.
 */

import { createMessageConnection, StreamMessageReader, StreamMessageWriter } from "vscode-jsonrpc/node";
import type { LineRange, StatementResult } from "../src/protocol";

const pixel = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
const html = "<b>Table(rich)</b><script>document.body.innerText = 'a script ran'</script>";

function result(line: number, changes: Partial<StatementResult>): StatementResult {
  return { nodeIndex: line - 1, lineStart: line, lineEnd: line, isExpr: true, status: "ok", look: "fresh", isInvisible: false, durationMs: 1, output: [], ...changes };
}

function display(text: string, data: Record<string, unknown>): StatementResult["output"] {
  return [{ type: "result", text, data: { "text/plain": text, ...data } }];
}

const results = [
  result(1, { summary: "Table(plain)", output: display("Table(plain)", { "text/html": html }) }),
  result(2, { summary: "Picture()", reused: true, output: display("Picture()", { "image/png": pixel }) }),
  result(3, { look: "stale", summary: "old", stale: true, staleReason: "line 1 above was edited" }),
  result(4, { look: "running", status: "running", summary: "running: step 3" }),
  result(5, { look: "error", status: "error", summary: "ValueError: no" }),
  result(6, { look: "stopped", status: "interrupted", summary: "interrupted" }),
  result(7, { look: "notRun", status: "notRun", isInvisible: true, durationMs: null }),
];

const connection = createMessageConnection(new StreamMessageReader(process.stdin), new StreamMessageWriter(process.stdout));

connection.onRequest("initialize", () => ({
  capabilities: {
    textDocumentSync: { openClose: true, change: 1 },
    executeCommandProvider: { commands: ["rdit/results", "rdit/status"] },
  },
}));

connection.onNotification("textDocument/didOpen", ({ textDocument: { uri, version } }: { textDocument: { uri: string; version: number } }) =>
  connection.sendNotification("rdit/didChangeResults", { uri, version, state: "idle", count: results.length, full: true, results }),
);

connection.onRequest("workspace/executeCommand", (params: { command: string; arguments: [{ lineRange?: LineRange }] }): object => {
  if (params.command === "rdit/status") return { status: "ok", version: "0", sessions: [] };
  const { from, to } = params.arguments[0].lineRange ?? { from: 1, to: Infinity };
  return { results: results.filter((each) => each.lineStart <= to && each.lineEnd >= from) };
});

connection.onRequest("shutdown", () => null);
connection.onNotification("exit", () => process.exit(0));
connection.onClose(() => process.exit(1));
connection.listen();
