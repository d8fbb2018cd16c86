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

/** Something that other settings mend. What they are is in the message. */
export class SettingsError extends Error {
  /** @param query What to look for among the settings. */
  constructor(
    message: string,
    readonly query: string,
  ) {
    super(message);
  }
}

/** The interpreter of the server, and why it is that one. */
export interface ServerPython {
  python: string;
  version: string;
  reason: string;
}

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

/**
 * The interpreter that runs the bundled server.
 *
 * @param refuse Is told of each that will not do, and why.
 */
export async function serverPython(
  configured: string,
  chosen: string | undefined,
  refuse: (sentence: string) => void,
): Promise<ServerPython> {
  if (configured !== "") return configuredPython(configured);
  const candidates = [
    ...(chosen === undefined ? [] : [{ python: chosen, reason: "chosen in the Python extension" }]),
    ...["python3", "python"].map((python) => ({ python, reason: "the first on PATH that is new enough" })),
  ];
  for (const { python, reason } of candidates) {
    const version = await versionOf(python);
    if (isNewEnough(version)) return { python, version, reason };
    refuse(`${python} does not run the server: it ${problemOf(version)}.`);
  }
  throw new SettingsError(
    "rdit needs Python 3.10 or newer to run its server (your own code may use an older one). " +
      "Install one, or name it in the setting “rdit.server.python”.",
    "rdit.server.python",
  );
}

async function configuredPython(configured: string): Promise<ServerPython> {
  const version = await versionOf(configured);
  if (isNewEnough(version)) return { python: configured, version, reason: "set in “rdit.server.python”" };
  throw new SettingsError(
    `rdit cannot run its server: “${configured}” (the setting “rdit.server.python”) ${problemOf(version)}.`,
    "rdit.server.python",
  );
}

function isNewEnough(version: string | undefined): version is string {
  const [major = 0, minor = 0] = (version ?? "").split(".").map(Number);
  return major > 3 || (major === 3 && minor >= 10);
}

function problemOf(version: string | undefined): string {
  return version === undefined ? "cannot be started" : `is ${version}, older than Python 3.10`;
}

/** Such as `3.11.7`; undefined where it cannot be started, or is no Python. */
async function versionOf(python: string): Promise<string | undefined> {
  try {
    // `-I` and `-S`: nothing of the user's is imported for the question.
    const code = "import sys; print('.'.join(map(str, sys.version_info[:3])))";
    const answer = await run(python, ["-I", "-S", "-c", code], { timeout: 10_000 });
    return /^\d+\.\d+\.\d+$/.exec(answer.stdout.trim())?.[0];
  } catch {
    // Not found, not executable or not a Python: for the choice between candidates it is the same.
    return undefined;
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
