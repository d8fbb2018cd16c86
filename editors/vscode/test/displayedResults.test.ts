import assert from "node:assert/strict";
import { test } from "node:test";
import type { DidChangeResultsParams } from "../src/protocol";
import { DisplayedResults, type LineEdit, moveLine } from "../src/view/displayedResults";
import { failure, result, value } from "./results";

function change(changes: Partial<DidChangeResultsParams>): DidChangeResultsParams {
  return { uri: "file:///a.py", version: 1, state: "idle", count: 3, results: [], ...changes };
}

const edit = (changes: Partial<LineEdit>): LineEdit => ({
  startLine: 0,
  startCharacter: 0,
  endLine: changes.startLine ?? 0,
  insertedBreaks: 0,
  ...changes,
});

const three = [0, 1, 2].map((nodeIndex) => result({ nodeIndex, output: value(String(nodeIndex)) }));
const lines = (displayed: DisplayedResults) => displayed.all().map((each) => each.lineStart);

test("a notification changes the results it names and leaves the others", () => {
  const displayed = new DisplayedResults();
  displayed.merge(change({ results: three, full: true }));
  displayed.merge(change({ results: [result({ nodeIndex: 1, stale: true })], state: "busy" }));
  assert.deepEqual(displayed.all().map((each) => each.stale), [undefined, true, undefined]);
  assert.equal(displayed.state, "busy");
});

test("results at or beyond the count are gone, and a full list replaces all", () => {
  const displayed = new DisplayedResults();
  displayed.merge(change({ results: three, full: true }));
  displayed.merge(change({ count: 2 }));
  assert.deepEqual(lines(displayed), [1, 2]);
  displayed.merge(change({ results: [result({ nodeIndex: 0, lineStart: 7 })], full: true }));
  assert.deepEqual(lines(displayed), [7]);
});

test("a compile error is gone once the server speaks of statements again", () => {
  const displayed = new DisplayedResults();
  const error = result({ nodeIndex: -1, lineStart: 1, status: "error", output: failure("SyntaxError", "no") });
  displayed.merge(change({ results: [error], count: 0 }));
  displayed.merge(change({ state: "idle" }));
  assert.equal(displayed.all().length, 1, "a notification without results says nothing of it");
  displayed.merge(change({ results: three, count: 3 }));
  assert.deepEqual(displayed.all().map((each) => each.nodeIndex), [0, 1, 2]);
});

test("a notification for an older version is displayed where its statements are now", () => {
  const displayed = new DisplayedResults();
  displayed.edit(2, [edit({ insertedBreaks: 2 })]);
  displayed.merge(change({ version: 1, results: three }));
  assert.deepEqual(lines(displayed), [3, 4, 5]);
  displayed.merge(change({ version: 2, results: three }));
  assert.deepEqual(lines(displayed), [1, 2, 3]);
});

test("an edit moves what is displayed below it and nothing above", () => {
  const displayed = new DisplayedResults();
  displayed.merge(change({ results: three }));
  displayed.edit(2, [edit({ startLine: 1, startCharacter: 5, insertedBreaks: 1 })]);
  assert.deepEqual(lines(displayed), [1, 2, 4]);
});

test("moving a line follows insertions and deletions", () => {
  assert.equal(moveLine(3, edit({ startLine: 2, insertedBreaks: 1 })), 4, "a break at its start");
  assert.equal(moveLine(3, edit({ startLine: 2, startCharacter: 4, insertedBreaks: 1 })), 3, "a break at its end");
  assert.equal(moveLine(5, edit({ startLine: 1, endLine: 3 })), 3, "lines deleted above");
  assert.equal(moveLine(3, edit({ startLine: 1, endLine: 4 })), 2, "deleted itself");
  assert.equal(moveLine(1, edit({ startLine: 4, insertedBreaks: 9 })), 1, "an edit below");
});

test("when the server is lost its results stay, stale, until a new one has others", () => {
  const displayed = new DisplayedResults();
  const running = result({ nodeIndex: 2, status: "running", look: "running" });
  displayed.merge(change({ results: [...three.slice(0, 2), running], full: true, state: "busy" }));
  displayed.loseServer();
  assert.equal(displayed.state, "dead");
  assert.deepEqual(displayed.all().map((each) => [each.status, each.stale]), [["ok", true], ["ok", true], ["interrupted", true]]);
  assert.deepEqual(displayed.all().map((each) => each.look), ["stale", "stale", "stale"]);

  const notRun = three.map((each) => ({ ...each, status: "notRun" as const, look: "notRun" as const, output: [] }));
  displayed.merge(change({ results: notRun, full: true, count: 3 }));
  assert.deepEqual(displayed.all().map((each) => each.status), ["ok", "ok", "interrupted"], "kept");

  displayed.merge(change({ results: [result({ nodeIndex: 0, output: value("new") })] }));
  assert.equal(displayed.all()[0]?.stale, undefined);
  displayed.merge(change({ results: [{ ...notRun[0]! }] }));
  assert.equal(displayed.all()[0]?.status, "notRun", "the new server's own word counts from then on");
});
