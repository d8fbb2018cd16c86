import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { keysOf } from "../src/commands/keys";
import { settingKeys, type SessionStatus } from "../src/protocol";
import { shownLenses } from "../src/server/codeLenses";
import { hasOtherServer, type Inspected, serverSettings } from "../src/server/serverSettings";
import { looks } from "../src/view/decorations";
import { environmentName, statusText } from "../src/view/statusText";

const extension = process.cwd();

interface Manifest {
  contributes: {
    commands: { command: string }[];
    keybindings: { command: string; key: string; when: string }[];
    menus: Record<string, { command?: string }[]>;
    colors: { id: string; defaults: Record<string, string> }[];
    configuration: { properties: Record<string, { markdownDescription: string }> };
  };
}

const manifest = JSON.parse(readFileSync(path.join(extension, "package.json"), "utf8")) as Manifest;

function sent(values: Record<string, Inspected>, chosenPython?: string) {
  return serverSettings((key) => values[key], chosenPython);
}

test("only what the user set is sent: a default would beat the project's own settings", () => {
  assert.deepEqual(sent({ cwd: {}, python: { globalValue: "" } }), {});
  assert.deepEqual(sent({ args: { globalValue: ["a"], workspaceValue: ["b"] } }), { args: ["b"] });
  assert.deepEqual(sent({ runOn: { workspaceValue: "save", workspaceFolderValue: "type" } }), { runOn: "type" });
});

test("the Python extension's interpreter is used for want of a setting", () => {
  assert.deepEqual(sent({}, "/venv/bin/python"), { python: ["/venv/bin/python"] });
  assert.deepEqual(sent({ python: { workspaceValue: "mine" } }, "/venv/bin/python"), { python: "mine" });
});

test("another extension that completes Python is told of", () => {
  const installed = (...ids: string[]) => (id: string) => ids.includes(id);
  assert.deepEqual(serverSettings(() => undefined, undefined, true), { otherServer: true });
  assert.ok(hasOtherServer(installed("ms-python.python", "ms-python.vscode-pylance"), "Default"));
  assert.ok(hasOtherServer(installed("detachhead.basedpyright"), "None"));
  assert.ok(hasOtherServer(installed("ms-python.python"), "Jedi"));
  assert.ok(!hasOtherServer(installed("ms-python.python"), "Default"));
  assert.ok(!hasOtherServer(installed("ms-python.python", "ms-python.vscode-pylance"), "None"));
  assert.ok(!hasOtherServer(installed(), undefined));
});

test("every look has a sign in the gutter, in dark and in light themes", () => {
  const signs = looks.flatMap((look) => [`${look}-dark.svg`, `${look}-light.svg`]);
  assert.deepEqual(readdirSync(path.join(extension, "media/signs")).sort(), signs.sort());
});

test("every setting of the server is described", () => {
  const readme = readFileSync(path.join(extension, "README.md"), "utf8");
  for (const key of settingKeys) {
    assert.ok(manifest.contributes.configuration.properties[`rdit.${key}`]?.markdownDescription, key);
    assert.ok(readme.includes(`| \`rdit.${key}\` |`), key);
  }
});

test("lenses are filtered by the setting", () => {
  const lens = (scope: string) => ({ command: { arguments: [{ scope }] } });
  const lenses = [lens("statement"), lens("cell"), { command: { arguments: [] } }, {}];
  assert.deepEqual(shownLenses(lenses, "off"), []);
  assert.deepEqual(shownLenses(lenses, "cell"), [lens("cell")]);
  assert.equal(shownLenses(lenses, "statement").length, 3);
});

test("keys and menus name commands that exist", () => {
  const { commands, keybindings, menus } = manifest.contributes;
  const known = new Set(commands.map((each) => each.command));
  const named = [...keybindings, ...Object.values(menus).flat()].flatMap((each) => each.command ?? []);
  assert.deepEqual(named.filter((command) => !known.has(command)), []);
});

test("every command of the manifest is registered, and every registered one is in the manifest", () => {
  const source = readFileSync(path.join(extension, "src/commands/commands.ts"), "utf8");
  const registered = [...source.matchAll(/^ {2}"(rdit\.\w+)":/gm)].map((match) => match[1]);
  assert.deepEqual(registered.sort(), manifest.contributes.commands.map((each) => each.command).sort());
});

test("keys work in Python editors only", () => {
  for (const { when } of manifest.contributes.keybindings) assert.match(when, /editorLangId == python/);
});

test("every look has a colour in every kind of theme", () => {
  assert.deepEqual(manifest.contributes.colors.map(({ id }) => id), looks.map((look) => `rdit.${look}Foreground`));
  for (const { defaults } of manifest.contributes.colors) {
    assert.deepEqual(Object.keys(defaults), ["dark", "light", "highContrast", "highContrastLight"]);
  }
});

test("the bundled packages are those that the server depends on", () => {
  const project = readFileSync(path.join(extension, "../../pyproject.toml"), "utf8");
  const dependencies = /^dependencies = \[([^\]]*)\]/m.exec(project)?.[1] ?? "";
  const bundled = readFileSync(path.join(extension, "bundled/requirements.txt"), "utf8");
  const needed = [...dependencies.matchAll(/"([\w-]+)/g)].map((match) => match[1] ?? "");
  assert.ok(needed.length > 0);
  assert.deepEqual(needed.filter((name) => !new RegExp(`^(# .*)?${name}==`, "m").test(bundled)), []);
});

test("no lock file names a registry", () => {
  const lock = readFileSync(path.join(extension, "package-lock.json"), "utf8");
  assert.doesNotMatch(lock, /"resolved"/);
});

test("the status bar says which Python, what it does and how long", () => {
  const none = { count: 0, memory: 0 };
  const program = { python: "/p", pythonVersion: "3.12.1", pid: 5, checkpoints: none };
  const session = { uri: "", clients: [], startedAt: "2026-01-01T00:00:00Z", queued: 0, queue: [] };
  const status: SessionStatus = { ...session, ...program, state: "busy" };
  const at = (changes: object) => statusText({ server: "running", session: "idle", status, environment: undefined, busyMs: undefined, ...changes });
  assert.equal(at({}).text, "$(play-circle) Python 3.12.1");
  assert.equal(at({ session: "busy", busyMs: 12_345 }).text, "$(sync~spin) Python 3.12.1 · 12 s");
  assert.equal(at({}).tooltip, "rdit: ready\n/p (process 5)\nno checkpoints");
  const checkpoints = { count: 2, memory: 3e6, refused: { lineEnd: 12, reason: "it has a socket open" } };
  const about = "2 checkpoints, 3.0 MB beyond the program's own memory\nno checkpoint since line 12: it has a socket open";
  assert.equal(at({ status: { ...status, checkpoints } }).tooltip, `rdit: ready\n/p (process 5)\n${about}`);
  assert.equal(at({ environment: ".venv" }).text, "$(play-circle) Python 3.12.1 (.venv)");
  const reason = "/p/.venv is the project's virtual environment";
  assert.equal(at({ status: { ...status, pythonReason: reason } }).tooltip, `rdit: ready\n/p (process 5)\n${reason}\nno checkpoints`);
  assert.equal(at({ status: undefined }).text, "$(play-circle) rdit");
  assert.ok(at({ session: "dead" }).isWarning);
  assert.ok(at({ server: "stopped" }).isWarning);
});

test("an interpreter is known by the folder of its environment, where it is in one", () => {
  const name = (python: string, ...there: string[]) => environmentName(python, (file) => there.includes(file));
  assert.equal(name("/home/me/project/.venv/bin/python", "/home/me/project/.venv/pyvenv.cfg"), ".venv");
  assert.equal(name("/opt/conda/envs/lab/bin/python", "/opt/conda/envs/lab/conda-meta"), "lab");
  assert.equal(name("/usr/bin/python3"), undefined);
});

test("the menu names the keys as they are written on the keyboard", () => {
  const { keybindings } = manifest.contributes;
  assert.equal(keysOf("rdit.runFile", keybindings, false), "Shift+Alt+X F");
  assert.equal(keysOf("rdit.runFile", keybindings, true), "Ctrl+Option+X F");
  assert.equal(keysOf("rdit.runStatement", keybindings, true), "Shift+Option+Enter");
  assert.equal(keysOf("rdit.export", keybindings, false), undefined);
});
