import assert from "node:assert/strict";
import { test } from "node:test";
import { fullHeight, rowHeight, rowsInView } from "../src/view/rowWindow";

test("a short table is there as a whole", () => {
  assert.deepEqual(rowsInView(5, 0, 400), { first: 0, count: 5, top: 0 });
  assert.equal(fullHeight(5), 6 * rowHeight);
});

test("the rows in view stand where they belong, and some around them", () => {
  const { first, count, top } = rowsInView(1000, 500 * rowHeight, 10 * rowHeight);
  assert.equal(top, first * rowHeight);
  assert.ok(first < 500 && first + count > 510);
});

test("a table too high for a page can be scrolled from its first row to its last", () => {
  const total = 5_000_000;
  const viewHeight = 400;
  const end = rowsInView(total, fullHeight(total) - viewHeight, viewHeight);
  assert.equal(rowsInView(total, 0, viewHeight).first, 0);
  assert.equal(end.first + end.count, total);
  assert.ok(end.top + (end.count + 1) * rowHeight >= fullHeight(total));
  assert.ok(fullHeight(total) < 16_000_000);
});

test("beyond its end there are no rows", () => {
  assert.deepEqual(rowsInView(0, 0, 400), { first: 0, count: 0, top: 0 });
  const { first, count } = rowsInView(3, 10_000, 400);
  assert.ok(first + count <= 3);
});
