import assert from "node:assert/strict";
import { test } from "node:test";
import { Drawn, type LineEdit, moveLine } from "../src/view/displayedResults";
import type { DidChangeResultsParams } from "../src/protocol";
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
const lines = (drawn: Drawn) => drawn.all().map((each) => each.lineStart);

test("a notification changes the results it names and leaves the others", () => {
  const drawn = new Drawn();
  drawn.merge(change({ results: three, full: true }));
  drawn.merge(change({ results: [result({ nodeIndex: 1, stale: true })], state: "busy" }));
  assert.deepEqual(drawn.all().map((each) => each.stale), [undefined, true, undefined]);
  assert.equal(drawn.state, "busy");
});

test("results at or beyond the count are gone, and a full list replaces all", () => {
  const drawn = new Drawn();
  drawn.merge(change({ results: three, full: true }));
  drawn.merge(change({ count: 2 }));
  assert.deepEqual(lines(drawn), [1, 2]);
  drawn.merge(change({ results: [result({ nodeIndex: 0, lineStart: 7 })], full: true }));
  assert.deepEqual(lines(drawn), [7]);
});

test("a compile error is gone once the server speaks of statements again", () => {
  const drawn = new Drawn();
  const error = result({ nodeIndex: -1, lineStart: 1, status: "error", output: failure("SyntaxError", "no") });
  drawn.merge(change({ results: [error], count: 0 }));
  drawn.merge(change({ state: "idle" }));
  assert.equal(drawn.all().length, 1, "a notification without results says nothing of it");
  drawn.merge(change({ results: three, count: 3 }));
  assert.deepEqual(drawn.all().map((each) => each.nodeIndex), [0, 1, 2]);
});

test("a notification for an older version is drawn where its statements are now", () => {
  const drawn = new Drawn();
  drawn.edit(2, [edit({ insertedBreaks: 2 })]);
  drawn.merge(change({ version: 1, results: three }));
  assert.deepEqual(lines(drawn), [3, 4, 5]);
  drawn.merge(change({ version: 2, results: three }));
  assert.deepEqual(lines(drawn), [1, 2, 3]);
});

test("an edit moves what is drawn below it and nothing above", () => {
  const drawn = new Drawn();
  drawn.merge(change({ results: three }));
  drawn.edit(2, [edit({ startLine: 1, startCharacter: 5, insertedBreaks: 1 })]);
  assert.deepEqual(lines(drawn), [1, 2, 4]);
});

test("moving a line follows insertions and deletions", () => {
  assert.equal(moveLine(3, edit({ startLine: 2, insertedBreaks: 1 })), 4, "a break at its start");
  assert.equal(moveLine(3, edit({ startLine: 2, startCharacter: 4, insertedBreaks: 1 })), 3, "a break at its end");
  assert.equal(moveLine(5, edit({ startLine: 1, endLine: 3 })), 3, "lines deleted above");
  assert.equal(moveLine(3, edit({ startLine: 1, endLine: 4 })), 2, "deleted itself");
  assert.equal(moveLine(1, edit({ startLine: 4, insertedBreaks: 9 })), 1, "an edit below");
});

test("when the server is lost its results stay, stale, until a new one has others", () => {
  const drawn = new Drawn();
  const running = result({ nodeIndex: 2, status: "running" });
  drawn.merge(change({ results: [...three.slice(0, 2), running], full: true, state: "busy" }));
  drawn.loseServer();
  assert.equal(drawn.state, "dead");
  assert.deepEqual(drawn.all().map((each) => [each.status, each.stale]), [["ok", true], ["ok", true], ["interrupted", true]]);

  const notRun = three.map((each) => ({ ...each, status: "notRun" as const, output: [] }));
  drawn.merge(change({ results: notRun, full: true, count: 3 }));
  assert.deepEqual(drawn.all().map((each) => each.status), ["ok", "ok", "interrupted"], "kept");

  drawn.merge(change({ results: [result({ nodeIndex: 0, output: value("new") })] }));
  assert.equal(drawn.all()[0]?.stale, undefined);
  drawn.merge(change({ results: [{ ...notRun[0]! }] }));
  assert.equal(drawn.all()[0]?.status, "notRun", "the new server's own word counts from then on");
});
