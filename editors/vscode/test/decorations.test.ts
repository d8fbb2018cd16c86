import assert from "node:assert/strict";
import { test } from "node:test";
import { duration, lookOf, marksOf, signsOf } from "../src/view/decorations";
import { failure, printed, result, value } from "./results";

const textOf = (...args: Parameters<typeof result>) => marksOf([result(...args)], 120)[0]?.text;

test("every look has a text mark of its own, so that none is told by colour alone", () => {
  const texts = [
    textOf({ output: value("42") }),
    textOf({ output: value("42"), reused: true }),
    textOf({ output: value("42"), stale: true }),
    textOf({ status: "running" }),
    textOf({ status: "error", output: failure("ValueError", "no") }),
    textOf({ status: "interrupted", summary: "interrupted" }),
  ];
  assert.deepEqual(texts, ["→ 42", "⇢ 42", "~ 42", "⋯", "✗ ValueError: no", "■ interrupted"]);
});

test("what has not run is marked only where something has", () => {
  const notRun = result({ nodeIndex: 1, status: "notRun" });
  assert.deepEqual(marksOf([notRun], 120), []);
  assert.deepEqual(signsOf([notRun]), []);
  const error = result({ status: "error", output: failure("E", "x") });
  assert.deepEqual(marksOf([error, notRun], 120)[1], { line: 2, look: "notRun", text: "○" });
});

test("a fresh statement with nothing to say gets a sign and no text", () => {
  assert.deepEqual(marksOf([result()], 120), []);
  assert.deepEqual(signsOf([result()]), [{ line: 1, look: "fresh" }]);
});

test("the server's summary is drawn as it is", () => {
  assert.equal(textOf({ summary: "DataFrame 3×2", output: value("…") }), "→ DataFrame 3×2");
});

test("a mark is one line, at the end of its statement, and its sign is at the start", () => {
  const results = [result({ lineStart: 2, lineEnd: 4, output: printed("a\nb  c\n") })];
  assert.deepEqual(marksOf(results, 120), [{ line: 4, look: "fresh", text: "→ b\u00a0\u00a0c" }]);
  assert.deepEqual(signsOf(results), [{ line: 2, look: "fresh" }]);
  assert.equal(textOf({ summary: "a\n  b\u2028c" }), "→ a ⏎ b ⏎ c");
  assert.equal(textOf({ output: printed("\x1b[1;31mred\x1b[0m\n") }), "→ red");
});

test("a long mark is cut by characters, not inside of one", () => {
  assert.equal(marksOf([result({ summary: "😀".repeat(20) })], 10)[0]?.text, `→ ${"😀".repeat(7)}…`);
});

test("statements that share a line share a mark, which looks like the most urgent", () => {
  const results = [
    result({ nodeIndex: 0, lineStart: 1, output: value("1") }),
    result({ nodeIndex: 1, lineStart: 1, status: "error", output: failure("E", "x") }),
  ];
  assert.deepEqual(marksOf(results, 120), [{ line: 1, look: "error", text: "→ 1  ✗ E: x" }]);
  assert.deepEqual(signsOf(results), [{ line: 1, look: "error" }]);
});

test("a stale error looks stale: it is not what the document says now", () => {
  assert.equal(lookOf(result({ status: "error", stale: true })), "stale");
});

test("leaving with exit code 0 is no error, with another it is", () => {
  assert.equal(lookOf(result({ status: "exit", exitCode: 0 })), "fresh");
  assert.equal(lookOf(result({ status: "exit", exitCode: 3 })), "error");
});

test("only what took long says how long", () => {
  assert.equal(textOf({ output: value("42"), durationMs: 1234 }), "→ 42 (1.2 s)");
  assert.equal(textOf({ durationMs: 2000 }), "→ (2.0 s)");
  assert.deepEqual([0.04, 0.4, 12.3, 1200, 125_000].map(duration), ["under 0.1 ms", "0.4 ms", "12 ms", "1.2 s", "2 min 5 s"]);
});
