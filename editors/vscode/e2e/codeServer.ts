/** A throw-away VS Code on this machine: code-server with the packaged extension and nothing else. */

import { type ChildProcess, execFile, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import os from "node:os";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";

const run = promisify(execFile);

export interface Process {
  pid: number;
  parent: number;
  command: string;
}

export interface Options {
  /** The checked-out project: its `.tools/vscode` has code-server. */
  root: string;
  /** The extensions to install. */
  vsix: string[];
  settings?: Record<string, unknown>;
  /** Whether VS Code asks whom to trust; then the workspace is not trusted. */
  workspaceTrust?: boolean;
}

/** Calm and offline: nothing pops up, nothing is asked of any gallery, nothing is saved by itself. */
const quietSettings = {
  "workbench.startupEditor": "none",
  "workbench.tips.enabled": false,
  "workbench.secondarySideBar.defaultVisibility": "hidden",
  "telemetry.telemetryLevel": "off",
  "extensions.autoCheckUpdates": false,
  "extensions.autoUpdate": false,
  "extensions.ignoreRecommendations": true,
  "update.mode": "none",
  "chat.disableAIFeatures": true,
  "git.enabled": false,
  "files.autoSave": "off",
  "files.hotExit": "off",
  "editor.minimap.enabled": false,
  "editor.cursorBlinking": "solid",
  "editor.occurrencesHighlight": "off",
  "editor.selectionHighlight": false,
  "editor.quickSuggestions": { other: "off", comments: "off", strings: "off" },
  "editor.autoClosingBrackets": "never",
  "editor.autoClosingQuotes": "never",
  "rdit.openOutputs": false,
};

export class CodeServer {
  /** Every process started from here inherits this, so that none is overlooked at the end. */
  private readonly marker = `RDIT_E2E=${randomUUID()}`;
  private child: ChildProcess | undefined;
  private readonly home: string;
  port = 0;
  log = "";

  constructor(private readonly options: Options) {
    this.home = mkdtempSync(path.join(os.tmpdir(), "rdit-vscode-"));
  }

  async start(): Promise<void> {
    this.port = await freePort();
    this.configure({});
    writeFileSync(path.join(this.home, "config.yaml"), `bind-addr: 127.0.0.1:${this.port}\nauth: none\ncert: false\n`);
    const extensions = this.options.vsix.flatMap((file) => ["--install-extension", file]);
    await run(this.node(), [...this.command(), ...extensions], { env: this.environment() });
    const trust = this.options.workspaceTrust ? [] : ["--disable-workspace-trust"];
    const args = [...this.command(), "--disable-telemetry", "--disable-update-check", "--disable-getting-started-override", ...trust];
    this.child = spawn(this.node(), args, { env: this.environment(), stdio: ["ignore", "pipe", "pipe"] });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.on("data", (chunk: Buffer) => (this.log += chunk.toString()));
    }
    await eventually("code-server answers", async () => (await fetch(`http://127.0.0.1:${this.port}/healthz`)).ok);
  }

  /** Change the user's settings; a running VS Code notices by itself. */
  configure(settings: Record<string, unknown>): void {
    const all = { ...quietSettings, ...this.options.settings, ...settings };
    // Settings of the machine (interpreters) count for a remote window only where the machine has
    // them; all others count where the user has them.
    for (const level of ["User", "Machine"]) {
      const folder = path.join(this.home, "data", level);
      mkdirSync(folder, { recursive: true });
      writeFileSync(path.join(folder, "settings.json"), JSON.stringify(all, undefined, 2));
    }
  }

  /** Address of a page with a folder and one of its files open. */
  url(folder: string, file: string): string {
    const uri = `vscode-remote://127.0.0.1:${this.port}${encodeURI(path.join(folder, file))}`;
    const payload = encodeURIComponent(JSON.stringify([["openFile", uri]]));
    return `http://127.0.0.1:${this.port}/?folder=${encodeURIComponent(folder)}&payload=${payload}`;
  }

  /** The living processes that came from here and whose command line says `what`. */
  processes(what: RegExp): Process[] {
    const found: Process[] = [];
    for (const entry of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
      try {
        const environment = readFileSync(`/proc/${entry}/environ`, "utf8");
        const command = readFileSync(`/proc/${entry}/cmdline`, "utf8").replaceAll("\0", " ");
        if (environment.includes(this.marker) && what.test(command)) found.push({ pid: Number(entry), parent: parentOf(entry), command });
      } catch {
        // The process ended between the listing and the look at it, or is another user's.
      }
    }
    return found;
  }

  /** Those of them that are not forks of one another, which have the same command line. */
  programs(what: RegExp): Process[] {
    const all = this.processes(what);
    return all.filter(({ parent }) => !all.some(({ pid }) => pid === parent));
  }

  async stop(): Promise<void> {
    const child = this.child;
    if (!child || child.exitCode !== null) return;
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGTERM");
    await ended;
  }

  /** Remove what the test left on the disk. Processes that should be gone and are not end here. */
  cleanUp(): void {
    for (const { pid } of this.processes(/./)) process.kill(pid, "SIGKILL");
    rmSync(this.home, { recursive: true, force: true });
  }

  private node(): string {
    return path.join(this.options.root, ".tools/vscode/node-home/bin/node");
  }

  private command(): string[] {
    return [
      path.join(this.options.root, ".tools/vscode/code-server/node_modules/code-server"),
      ...["--user-data-dir", path.join(this.home, "data"), "--extensions-dir", path.join(this.home, "extensions")],
      ...["--config", path.join(this.home, "config.yaml")],
    ];
  }

  private environment(): NodeJS.ProcessEnv {
    const [name = "", value] = this.marker.split("=");
    // A test that is itself run from VS Code would hand these on, and code-server would think it
    // runs inside that one.
    const inherited = Object.entries(process.env).filter(([key]) => !/^(VSCODE_|ELECTRON_|NODE_OPTIONS|NODE_TEST)/.test(key));
    return { ...Object.fromEntries(inherited), EXTENSIONS_GALLERY: '{"serviceUrl":""}', [name]: value };
  }
}

/** Ask again until it is so. For what gives no signal: processes, ports, files. */
export async function eventually(what: string, isSo: () => boolean | Promise<boolean>, limitMs = 30_000): Promise<void> {
  const end = Date.now() + limitMs;
  let problem: unknown;
  while (Date.now() < end) {
    try {
      if (await isSo()) return;
    } catch (error) {
      problem = error;
    }
    await delay(100);
  }
  throw new Error(`not so after ${limitMs} ms: ${what}`, { cause: problem });
}

function parentOf(pid: string): number {
  return Number(/^PPid:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("no free port");
  return address.port;
}
