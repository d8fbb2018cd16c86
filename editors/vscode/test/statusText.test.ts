import assert from "node:assert/strict";
import { test } from "node:test";
import type { SessionStatus } from "../src/protocol";
import { statusText } from "../src/view/statusText";

const session = (uri: string, more: Partial<SessionStatus> = {}): SessionStatus => ({
  uri,
  state: "idle",
  python: null,
  pythonVersion: null,
  pid: 1,
  queued: 0,
  checkpoints: { count: 0, memory: 0 },
  clients: [{ name: "lsp", pid: 2 }],
  startedAt: "2026-11-26T12:00:00+00:00",
  queue: [],
  ...more,
});

const tooltip = (others: SessionStatus[], isHosted: boolean) =>
  statusText({
    server: "running",
    session: "idle",
    status: undefined, environment: undefined,
    alive: { others, host: isHosted ? { pid: 7, version: "1.2", since: "2026-11-26T12:00:00+00:00" } : undefined },
    busyMs: undefined,
  }).tooltip;

test("the tooltip says what else is alive", () => {
  const others = [session("file:///a%20b.py"), session("file:///c.py", { state: "busy", clients: [] })];
  assert.equal(
    tooltip(others, true),
    "rdit: ready\nAlso alive: a b.py (idle), c.py (busy, open nowhere)\nHost: process 7, rdit 1.2",
  );
});

test("the tooltip says no more where there is nothing else", () => {
  assert.equal(tooltip([], false), "rdit: ready");
});
