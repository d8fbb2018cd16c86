/**
 * Which Python runs what: the server's own (3.10 or newer), and the one a document's code gets.
 */

import { execFile } from "node:child_process";
import { promisify } from "node:util";
import * as vscode from "vscode";

const run = promisify(execFile);

/** The part of the Python extension's API (ms-python.python) that is used here. */
interface PythonApi {
  readonly environments: {
    getActiveEnvironmentPath(resource?: vscode.Uri): { path: string };
    resolveEnvironment(environment: { path: string }): Promise<
      { executable: { uri?: vscode.Uri | undefined } } | undefined
    >;
    onDidChangeActiveEnvironmentPath: vscode.Event<unknown>;
  };
}

/** What a user can do about it is in the message. */
export class NoPythonError extends Error {}

/** The interpreter chosen in the Python extension; nothing where that is not installed. */
export class ChosenPython {
  private constructor(private readonly api: PythonApi | undefined) {}

  static async find(log: vscode.LogOutputChannel): Promise<ChosenPython> {
    const extension = vscode.extensions.getExtension<PythonApi>("ms-python.python");
    if (!extension) return new ChosenPython(undefined);
    try {
      const api = await withDeadline(Promise.resolve(extension.activate()), 10_000);
      return new ChosenPython(api?.environments ? api : undefined);
    } catch (error) {
      log.warn(`The Python extension did not start, so its interpreter is not used: ${String(error)}`);
      return new ChosenPython(undefined);
    }
  }

  onDidChange(listener: () => void): vscode.Disposable {
    return this.api?.environments.onDidChangeActiveEnvironmentPath(listener) ?? new vscode.Disposable(() => undefined);
  }

  async for(resource: vscode.Uri | undefined): Promise<string | undefined> {
    if (!this.api) return undefined;
    const chosen = this.api.environments.getActiveEnvironmentPath(resource);
    // A conda environment may be known by its folder only; resolving it gives the program.
    const resolved = await this.api.environments.resolveEnvironment(chosen);
    return resolved?.executable.uri?.fsPath;
  }
}

/** The interpreter that runs the bundled server. */
export async function serverPython(configured: string, chosen: string | undefined): Promise<string> {
  if (configured !== "") return requireVersion(configured);
  const candidates = [chosen, "python3", "python"].filter((candidate) => candidate !== undefined);
  for (const candidate of candidates) {
    if ((await versionOf(candidate)) === "new enough") return candidate;
  }
  throw new NoPythonError(
    "rdit needs Python 3.10 or newer to run its server (your own code may use an older one). " +
      "Install one, or name it in the setting “rdit.server.python”.",
  );
}

async function requireVersion(configured: string): Promise<string> {
  const found = await versionOf(configured);
  if (found === "new enough") return configured;
  const problem = found === "too old" ? "is older than Python 3.10" : "cannot be started";
  throw new NoPythonError(`rdit cannot run its server: “${configured}” (the setting “rdit.server.python”) ${problem}.`);
}

async function versionOf(python: string): Promise<"new enough" | "too old" | "missing"> {
  try {
    // `-I` and `-S`: nothing of the user's is imported for the question.
    const answer = await run(python, ["-I", "-S", "-c", "import sys; print(sys.version_info >= (3, 10))"], { timeout: 10_000 });
    return answer.stdout.trim() === "True" ? "new enough" : "too old";
  } catch {
    // Not found, not executable or not a Python: for the choice between candidates it is the same.
    return "missing";
  }
}

async function withDeadline<T>(promise: Promise<T>, milliseconds: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer in ${milliseconds} ms`)), milliseconds);
  });
  try {
    return await Promise.race([promise, deadline]);
  } finally {
    clearTimeout(timer);
  }
}
