import assert from "node:assert/strict";
import { test } from "node:test";
import { sorted } from "../src/view/variableOrder";

const variables = [
  { name: "rows", type: "list", summary: "[1]" },
  { name: "b", type: "int", summary: "1" },
  { name: "Above", type: "int", summary: "2" },
  { name: "main", type: "function", summary: "main()" },
];

const names = (order: Parameters<typeof sorted>[1]) => sorted(variables, order).map(({ name }) => name);

test("variables are sorted by kind, name or type, and left as they were", () => {
  assert.deepEqual(names("kind"), ["rows", "b", "Above", "main"]);
  assert.deepEqual(names("name"), ["Above", "b", "main", "rows"]);
  assert.deepEqual(names("type"), ["main", "Above", "b", "rows"]);
  assert.equal(variables[0]?.name, "rows");
});
