import assert from "node:assert/strict";
import { test } from "node:test";
import { transactionParams } from "../src/commands/arguments";
import type { Checkpoint } from "../src/protocol";
import { checkpointChoices, countSentence, keptSentence, refusedSentence, restoredSentence, takenBackSentence } from "../src/view/checkpointText";

const time = (minute: number) => `2026-01-01T12:${String(minute).padStart(2, "0")}:00+00:00`;
const clock = (minute: number) => new Date(time(minute)).toLocaleTimeString();

function checkpoint(changes: Partial<Checkpoint> = {}): Checkpoint {
  return { checkpointId: "1", kind: "process", automatic: true, time: time(0), lineEnd: 6, workMs: 100, memory: 1_234_567, ...changes };
}

test("those made by hand are a list of their own, and the newest is first in each", () => {
  const { byHand, automatic } = checkpointChoices([
    checkpoint({ checkpointId: "a", time: time(1) }),
    checkpoint({ checkpointId: "b", time: time(2), automatic: false, name: "loaded" }),
    checkpoint({ checkpointId: "c", time: time(3) }),
    checkpoint({ checkpointId: "d", time: time(4), automatic: false, name: "fitted" }),
  ]);
  const ids = (choices: typeof byHand) => choices.map((choice) => choice.checkpoint.checkpointId);
  assert.deepEqual([ids(byHand), ids(automatic)], [["d", "b"], ["c", "a"]]);
});

test("an entry has its name, time, line, memory and what restoring it takes", () => {
  const { byHand, automatic } = checkpointChoices([checkpoint({ automatic: false, name: "loaded" }), checkpoint({ memory: 250e6 })]);
  assert.equal(byHand[0]?.label, "loaded");
  assert.equal(byHand[0].description, `${clock(0)} · line 6 · 1.2 MB · instant`);
  assert.equal(byHand[0].detail, undefined);
  assert.equal(automatic[0]?.label, "after line 6");
  assert.equal(automatic[0].description, `${clock(0)} · 250 MB · instant`, "its line is in its label");
});

test("where restoring means running again, the entry says so in words, and why", () => {
  const { memory, ...rest } = checkpoint({ kind: "rerun", automatic: false, name: "x", workMs: 2340, reason: "it has threads (Timer)" });
  assert.ok(memory);
  const [entry] = checkpointChoices([rest]).byHand;
  assert.equal(entry?.description, `${clock(0)} · line 6 · runs again`);
  assert.equal(entry.detail, "Restoring it runs the code before it again (2.3 s): it has threads (Timer)");
  assert.equal(keptSentence(rest), `checkpoint “x”. ${entry.detail}`);
});

test("going back says what ran again for it", () => {
  const made = checkpoint({ automatic: false, name: "x" });
  assert.equal(restoredSentence(made, { kind: "checkpoint", lineStart: 7 }), "back at “x”");
  assert.equal(restoredSentence(made, { kind: "start", lineStart: 1 }), "back at “x”; lines 1 to 6 ran again");
  assert.equal(restoredSentence(made, { kind: "kept" }), "back at “x”");
});

test("the status says how many there are, what they hold, and why there is no newer one", () => {
  assert.equal(countSentence({ count: 0, memory: 0 }), "no checkpoints");
  assert.equal(countSentence({ count: 1, memory: 12_400_000 }), "1 checkpoint, 12 MB beyond the program's own memory");
  assert.equal(countSentence({ count: 3, memory: 9_000_000 }), "3 checkpoints, 9.0 MB beyond the program's own memory");
  const refused = { lineEnd: 12, reason: "it has a socket open" };
  assert.equal(refusedSentence({ count: 0, memory: 0, refused }), "no checkpoint since line 12: it has a socket open");
  assert.equal(refusedSentence({ count: 1, memory: 0 }), undefined);
});

test("a run that may be taken back is of the selection, or of the file where there is none", () => {
  const at = (line: number, character: number) => ({ line, character });
  const place = { uri: "file:///a.py", version: 3, start: at(1, 0), end: at(1, 0), active: at(1, 0) };
  const about = { uri: "file:///a.py", version: 3, transactionPolicy: "rollback_always" };
  assert.deepEqual(transactionParams("rollback_always", place), { ...about, scope: "file" });
  const selected = { ...place, end: at(2, 4) };
  assert.deepEqual(transactionParams("rollback_always", selected), { ...about, scope: "range", lineRange: { from: 2, to: 3 } });
});

test("it is said when a run was taken back, and only then", () => {
  assert.match(takenBackSentence("rollback_always", "ok") ?? "", /^dry run finished; variables are unchanged/);
  assert.match(takenBackSentence("rollback_always", "error") ?? "", /^dry run ended early \(error\)/);
  assert.match(takenBackSentence("commit_on_success", "error") ?? "", /^the run ended early \(error\) and was undone/);
  assert.equal(takenBackSentence("commit_on_success", "ok"), undefined);
  assert.equal(takenBackSentence("rollback_always", "cancelled"), undefined);
});
