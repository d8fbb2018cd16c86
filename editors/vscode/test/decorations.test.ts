import assert from "node:assert/strict";
import { test } from "node:test";
import type { Look } from "../src/protocol";
import { columnsOf, duration, marksOf, signsOf, widestMark } from "../src/view/decorations";
import { result } from "./results";

const textOf = (...args: Parameters<typeof result>) => marksOf([result(...args)], 120)[0]?.text;

test("every look has a text mark of its own, so that none is told by colour alone", () => {
  const texts = [
    textOf({ summary: "42" }),
    textOf({ summary: "42", reused: true }),
    textOf({ look: "stale", summary: "42" }),
    textOf({ look: "outOfOrder", summary: "42" }),
    textOf({ look: "running", status: "running", summary: "running" }),
    textOf({ look: "error", summary: "ValueError: no" }),
    textOf({ look: "stopped", summary: "interrupted" }),
  ];
  assert.deepEqual(texts, ["→ 42", "⇢ 42", "~ 42", "↷ 42", "⋯ running", "✗ ValueError: no", "■ interrupted"]);
});

test("the server decides how a result looks, whatever else it says of it", () => {
  assert.equal(textOf({ look: "stopped", status: "exit", exitCode: 0, summary: "exit 0" }), "■ exit 0");
  assert.equal(textOf({ look: "fresh", status: "error", stale: true, summary: "42" }), "→ 42");
});

test("a look that only a newer server knows does not pass for fresh", () => {
  const look = "provisional" as unknown as Look;
  assert.equal(textOf({ look, summary: "42" }), "~ 42");
  assert.deepEqual(signsOf([result({ look })]), [{ line: 1, look: "stale" }]);
});

test("what has not run is marked only where something has", () => {
  const notRun = result({ nodeIndex: 1, look: "notRun", status: "notRun", summary: "not run" });
  assert.deepEqual(marksOf([notRun], 120), []);
  assert.deepEqual(signsOf([notRun]), []);
  const error = result({ look: "error", status: "error", summary: "E: x" });
  assert.deepEqual(marksOf([error, notRun], 120)[1], { line: 2, look: "notRun", text: "· not run" });
});

test("that statements have not run is said once, below what has stopped the run", () => {
  const notRun = [2, 3].map((nodeIndex) => result({ nodeIndex, look: "notRun", status: "notRun", summary: "not run" }));
  const running = result({ nodeIndex: 1, look: "running", status: "running", summary: "running" });
  assert.deepEqual(marksOf([running, ...notRun], 120).map((mark) => mark.line), [2]);
  const stopped = result({ nodeIndex: 1, look: "stopped", status: "interrupted", summary: "interrupted" });
  assert.deepEqual(marksOf([...notRun, stopped], 120).map((mark) => mark.line), [2, 3]);
});

test("the mark of an error stands at the line that raised it", () => {
  const error = result({ look: "error", status: "error", lineStart: 2, lineEnd: 9, markLine: 4, summary: "E: x" });
  assert.deepEqual(marksOf([error], 120), [{ line: 4, look: "error", text: "✗ E: x" }]);
  assert.deepEqual(signsOf([error]), [{ line: 2, look: "error" }]);
});

test("a fresh statement with nothing to say gets a sign and no text", () => {
  assert.deepEqual(marksOf([result()], 120), []);
  assert.deepEqual(signsOf([result()]), [{ line: 1, look: "fresh" }]);
});

test("a mark is one line, at the end of its statement, and its sign is at the start", () => {
  const results = [result({ lineStart: 2, lineEnd: 4, summary: "b  c" })];
  assert.deepEqual(marksOf(results, 120), [{ line: 4, look: "fresh", text: "→ b\u00a0\u00a0c" }]);
  assert.deepEqual(signsOf(results), [{ line: 2, look: "fresh" }]);
  assert.equal(textOf({ summary: "a\n  b\u2028c" }), "→ a ⏎ b ⏎ c");
  assert.equal(textOf({ summary: "\x1b[1;31mred\x1b[0m" }), "→ red");
});

test("a long mark is cut by characters, not inside of one", () => {
  assert.equal(marksOf([result({ summary: "😀".repeat(20) })], 10)[0]?.text, `→ ${"😀".repeat(7)}…`);
});

const sharing = (...changes: Parameters<typeof result>[0][]) =>
  changes.map((each, nodeIndex) => result({ nodeIndex, lineStart: 1, ...each }));

test("statements that share a line share a mark", () => {
  const results = sharing({ summary: "1" }, { summary: "2" });
  assert.deepEqual(marksOf(results, 120), [{ line: 1, look: "fresh", text: "→ 1  → 2" }]);
});

test("a value keeps its look beside an error, and the sign is that of the most urgent", () => {
  const results = sharing({ summary: "1" }, { look: "error", summary: "E: x" }, { look: "notRun", status: "notRun", summary: "not run" });
  assert.deepEqual(marksOf(results, 120), [
    { line: 1, look: "fresh", text: "→ 1", part: "first" },
    { line: 1, look: "error", text: "✗ E: x  · not run", part: "last" },
  ]);
  assert.deepEqual(signsOf(results), [{ line: 1, look: "error" }]);
});

test("a look is said once for the statements of a line", () => {
  const stale = { look: "stale", stale: true } as const;
  assert.deepEqual(marksOf(sharing({ ...stale, durationMs: 4000 }, stale), 120), [{ line: 1, look: "stale", text: "~ took 4.0 s" }]);
  assert.deepEqual(marksOf(sharing(stale, stale), 120), [{ line: 1, look: "stale", text: "~" }]);
});

test("a mark is cut where its window is likely to end, with room for some of it anyhow", () => {
  assert.equal(widestMark(10, 1, 2, false), "max(30ch, calc(((100vw - 355px) / 2 - 90px - 16ch) / 1 - 2em))");
  assert.equal(columnsOf("a\tb", 4), 5);
  assert.equal(columnsOf("\t\t😀", 8), 17);
});

test("only what took long says how long", () => {
  assert.equal(textOf({ summary: "42", durationMs: 1234 }), "→ 42 (1.2 s)");
  assert.equal(textOf({ durationMs: 2000 }), "→ took 2.0 s");
  assert.deepEqual([0.04, 0.4, 12.3, 1200, 125_000].map(duration), ["under 0.1 ms", "0.4 ms", "12 ms", "1.2 s", "2 min 5 s"]);
});
