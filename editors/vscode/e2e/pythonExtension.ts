/**
 * A stand-in for the Python extension: the part of its API that rdit asks, with one environment.
 *
 * The real one is in a gallery that this test does not reach.
 */

import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";

const code = `
const { EventEmitter, Uri } = require("vscode");
exports.activate = () => ({
  environments: {
    getActiveEnvironmentPath: () => ({ id: "chosen", path: PYTHON }),
    resolveEnvironment: async ({ path }) => ({ executable: { uri: Uri.file(path) } }),
    onDidChangeActiveEnvironmentPath: new EventEmitter().event,
  },
});
`;

/** Package it as a .vsix in `folder`; it says that `python` was chosen. */
export function makePythonExtension(folder: string, python: string): string {
  const source = path.join(folder, "python-extension");
  mkdirSync(source);
  const manifest = {
    ...{ name: "python", publisher: "ms-python", version: "0.0.1", engines: { vscode: "^1.91.0" } },
    ...{ main: "./extension.js", activationEvents: [], extensionKind: ["workspace"] },
  };
  writeFileSync(path.join(source, "package.json"), JSON.stringify(manifest));
  writeFileSync(path.join(source, "extension.js"), code.replace("PYTHON", JSON.stringify(python)));
  const vsix = path.join(folder, "python-extension.vsix");
  const options = ["--no-dependencies", "--allow-missing-repository", "--skip-license", "--out", vsix];
  execFileSync(path.resolve("node_modules/.bin/vsce"), ["package", ...options], { cwd: source, stdio: "pipe" });
  return vsix;
}
