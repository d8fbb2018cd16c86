import assert from "node:assert/strict";
import { test } from "node:test";
import { executeParams, nextCodeLine, type Place, selectedLines, statementEnd } from "../src/commands/arguments";
import { installCommand, missingModule } from "../src/commands/missingModule";
import { failure, result } from "./results";

const place = (start: [number, number], end: [number, number]): Place => ({
  uri: "untitled:Untitled-1",
  version: 7,
  start: { line: start[0], character: start[1] },
  end: { line: end[0], character: end[1] },
  active: { line: end[0], character: end[1] },
});

test("every scope names the document and the version that the user saw", () => {
  const cursor = place([3, 2], [3, 2]);
  assert.deepEqual(executeParams("file", cursor), { uri: "untitled:Untitled-1", version: 7, scope: "file" });
  assert.deepEqual(executeParams("stale", cursor), { uri: "untitled:Untitled-1", version: 7, scope: "stale" });
});

test("scopes that depend on the cursor carry its position", () => {
  for (const scope of ["statement", "toHere", "cell", "fromHere"] as const) {
    assert.deepEqual(executeParams(scope, place([3, 2], [3, 2])).position, { line: 3, character: 2 });
  }
});

test("a selection becomes the 1-based lines that it touches", () => {
  assert.deepEqual(executeParams("range", place([1, 4], [3, 1])).lineRange, { from: 2, to: 4 });
  assert.deepEqual(selectedLines(place([1, 0], [3, 0])), { from: 2, to: 3 }, "whole lines: the next one is not touched");
  assert.deepEqual(selectedLines(place([1, 0], [1, 0])), { from: 2, to: 2 }, "a cursor at the start of a line");
});

test("a statement ends where the last one that shares its line ends", () => {
  const results = [
    result({ nodeIndex: 0, lineStart: 1, lineEnd: 3 }),
    result({ nodeIndex: 1, lineStart: 5, lineEnd: 5 }),
    result({ nodeIndex: 2, lineStart: 5, lineEnd: 7 }),
  ];
  assert.equal(statementEnd(results, 1), 3, "inside the first");
  assert.equal(statementEnd(results, 4), 7, "on a shared line");
  assert.equal(statementEnd(results, 3), undefined, "on a blank line");
});

test("moving on passes blank lines and comments", () => {
  const lines = ["a", "", "  # %% cell", "b"];
  assert.equal(nextCodeLine(lines, 1), 3);
  assert.equal(nextCodeLine(lines, 4), undefined, "after the last");
});

test("a module that was not found is named, and so is the command that installs it", () => {
  const failed = (name: string, value: string) => missingModule([result({ output: failure(name, value) })]);
  assert.equal(failed("ModuleNotFoundError", "No module named 'numpy'"), "numpy");
  assert.equal(failed("ModuleNotFoundError", "No module named 'google.cloud'"), "google");
  assert.equal(failed("ImportError", "No module named 'numpy'"), undefined);
  assert.equal(missingModule([result()]), undefined);
  assert.equal(installCommand("/p/.venv/bin/python", "numpy"), "/p/.venv/bin/python -m pip install numpy");
  assert.equal(installCommand("/it's mine/bin/python", "numpy"), "'/it'\\''s mine/bin/python' -m pip install numpy");
});
