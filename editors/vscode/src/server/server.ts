/**
 * The language server as the rest of the extension sees it: started, asked, listened to, stopped.
 *
 * The only module that knows vscode-languageclient.
 */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import * as path from "node:path";
import * as vscode from "vscode";
import {
  CodeLensRequest,
  CloseAction,
  DidChangeConfigurationNotification,
  ErrorAction,
  ExecuteCommandRequest,
  InlayHintRequest,
  LanguageClient,
  LSPErrorCodes,
  type Middleware,
  ResponseError,
  RevealOutputChannelOn,
  type ServerOptions,
  State,
} from "vscode-languageclient/node";
import type * as protocol from "../protocol";
import { shownLenses } from "./codeLenses";
import { type ChosenPython, serverPython, SettingsError } from "./python";
import { settings, settingsForServer } from "./settings";

export const documentSelector = [
  { scheme: "file", language: "python" },
  { scheme: "untitled", language: "python" },
];

const didChangeResults: keyof protocol.Messages = "rdit/didChangeResults";
const input: keyof protocol.Messages = "rdit/input";

/** So many crashes in so many milliseconds are not chance: then the server stays down. */
const tooManyCrashes = { count: 4, milliseconds: 180_000 };

export type ServerState = "starting" | "running" | "stopped";

/** What the extension does for the server. */
interface Abilities {
  /** Answer a program that waits for a line. */
  answerInput: (params: protocol.InputParams, token: vscode.CancellationToken) => Promise<protocol.InputResult>;
  /** Send a command of the server's code actions, and do with the reply what the server cannot. */
  runCommand: (command: string, args: unknown[], send: (args: unknown[]) => Promise<unknown>) => Promise<unknown>;
}

export class Server implements vscode.Disposable {
  private client: LanguageClient | undefined;
  private process: ChildProcess | undefined;
  private starting: Promise<LanguageClient> | undefined;
  private restarting: Promise<void> = Promise.resolve();
  private nextRestart: Promise<void> | undefined;
  private stopping: Promise<void> = Promise.resolve();
  private crashes: number[] = [];
  private readonly results = new vscode.EventEmitter<protocol.DidChangeResultsParams>();
  private readonly states = new vscode.EventEmitter<ServerState>();

  readonly onResults = this.results.event;
  readonly onState = this.states.event;
  state: ServerState = "stopped";

  constructor(
    private readonly extensionPath: string,
    private readonly log: vscode.LogOutputChannel,
    private readonly chosenPython: ChosenPython,
    private readonly abilities: Abilities,
  ) {}

  /** The running client; starts one where there is none. Rejects with a sentence for the user. */
  start(): Promise<LanguageClient> {
    this.starting ??= this.stopping.then(() => this.launchOrExplain());
    return this.starting;
  }

  /** One after the other, and one for all who ask while it waits: settings change in bursts. */
  restart(): Promise<void> {
    this.nextRestart ??= this.restarting.then(async () => {
      this.nextRestart = undefined;
      await this.stop();
      this.crashes = [];
      await this.start();
    });
    this.restarting = this.nextRestart.catch(() => undefined);
    return this.nextRestart;
  }

  stop(): Promise<void> {
    const starting = this.starting;
    this.starting = undefined;
    this.stopping = this.stopping.then(() => this.stopAfter(starting));
    return this.stopping;
  }

  dispose(): void {
    this.results.dispose();
    this.states.dispose();
  }

  /** Send one of rdit's commands, as any editor would. */
  async execute<C extends keyof protocol.Requests>(
    command: C,
    argument: protocol.Requests[C]["params"],
  ): Promise<protocol.Requests[C]["result"]> {
    const client = await this.start();
    if (!this.offers(command)) throw new Error(`rdit: this version of the server does not offer “${command}”.`);
    const params = { command, arguments: [argument] };
    try {
      return (await client.sendRequest(ExecuteCommandRequest.type, params)) as protocol.Requests[C]["result"];
    } catch (error) {
      throw command === "rdit/execute" ? reasonNotToRun(error) : error;
    }
  }

  /** Whether the server, older or newer than this extension, has a command. */
  offers(command: keyof protocol.Requests): boolean {
    return this.client?.initializeResult?.capabilities.executeCommandProvider?.commands.includes(command) ?? false;
  }

  /** Tell the server that settings, or the interpreter, are others now. */
  async sendSettings(): Promise<void> {
    if (this.state !== "running" || !this.client) return;
    const rdit = settingsForServer(undefined, await this.chosenPython.for(undefined));
    await this.client.sendNotification(DidChangeConfigurationNotification.type, { settings: { rdit } });
  }

  /** Have VS Code ask for a document's hints again. */
  refreshHints(document: vscode.TextDocument): void {
    this.client?.getFeature(InlayHintRequest.method)?.getProvider(document)?.onDidChangeInlayHints.fire();
  }

  /** Have VS Code ask again for hints and lenses, as a setting that filters them has changed. */
  refreshFilters(): void {
    for (const document of vscode.workspace.textDocuments) {
      this.refreshHints(document);
      this.client?.getFeature(CodeLensRequest.method)?.getProvider(document)?.onDidChangeCodeLensEmitter.fire();
    }
  }

  private async stopAfter(starting: Promise<LanguageClient> | undefined): Promise<void> {
    // A start under way is waited for: it would leave a server behind that nothing stops.
    await starting?.catch(() => undefined);
    const client = this.client;
    this.client = undefined;
    try {
      // Waits two seconds for the answer to `shutdown`.
      await client?.dispose();
    } catch (error) {
      // A client whose server died cannot be stopped in good order; its process is gone.
      this.log.warn(`Stopping the server: ${String(error)}`);
    }
    await end(this.process);
    this.process = undefined;
    this.setState("stopped");
  }

  private async launchOrExplain(): Promise<LanguageClient> {
    try {
      return await this.launch();
    } catch (error) {
      this.starting = undefined;
      this.client = undefined;
      this.setState("stopped");
      if (error instanceof SettingsError) throw error;
      this.log.error(String(error));
      throw new Error("rdit: the server did not start. Its log says why.", { cause: error });
    }
  }

  private async launch(): Promise<LanguageClient> {
    this.setState("starting");
    let hasRun = false;
    const client = new LanguageClient("rdit", "rdit", await this.serverOptions(), {
      documentSelector,
      outputChannel: this.log,
      revealOutputChannelOn: RevealOutputChannelOn.Never,
      initializationOptions: await this.initializationOptions(),
      middleware: this.middleware(),
      // No hover of the server's has links to commands, so a program's Markdown cannot give any.
      markdown: { isTrusted: false, supportHtml: false },
      errorHandler: {
        error: () => ({ action: ErrorAction.Continue }),
        // A server that never came up is reported by the command that asked for it, not started for ever.
        closed: () => (hasRun ? this.onClosed() : { action: CloseAction.DoNotRestart, handled: true }),
      },
      // The start's own error is shown by the command that asked for it.
      initializationFailedHandler: () => false,
    });
    this.client = client;
    client.onNotification(didChangeResults, (params: protocol.DidChangeResultsParams) => this.results.fire(params));
    client.onRequest(input, this.abilities.answerInput);
    client.onDidChangeState((event) => this.follow(client, event.newState));
    await client.start();
    hasRun = true;
    return client;
  }

  private async serverOptions(): Promise<ServerOptions> {
    const { serverCommand, serverPython: configured } = settings();
    const [command, ...args] = serverCommand;
    if (command !== undefined) {
      this.log.info(`Starting the server with ${serverCommand.join(" ")}: set in “rdit.server.command”.`);
      return () => this.spawn(command, args);
    }
    const chosen = await this.chosenPython.for(undefined);
    const { python, version, reason } = await serverPython(configured, chosen, (sentence) => this.log.warn(sentence));
    this.log.info(`Starting the server with ${python} (Python ${version}): ${reason}.`);
    // `-I` keeps PYTHONPATH, the user's site-packages and the working folder out of the server. The
    // launcher adds the bundled packages by itself, so nothing leaks into the user's interpreter.
    return () => this.spawn(python, ["-I", path.join(this.extensionPath, "bundled", "launch.py"), "lsp"]);
  }

  /** Started here and not by the client, so that a restart can wait for its end. */
  private async spawn(command: string, args: string[]): Promise<ChildProcess> {
    const process = spawn(command, args, { stdio: "pipe" });
    await once(process, "spawn");
    this.process = process;
    return process;
  }

  private async initializationOptions(): Promise<object> {
    const forServer = settingsForServer(undefined, await this.chosenPython.for(undefined));
    const abilities: protocol.ClientOptions = { resultNotifications: true, input: true, clipboard: true };
    return { rdit: { ...forServer, ...abilities } };
  }

  private middleware(): Middleware {
    return {
      provideInlayHints: (document, range, token, next) =>
        settings(document.uri).show === "hints" ? next(document, range, token) : [],
      provideCodeLenses: async (document, token, next) =>
        shownLenses((await next(document, token)) ?? [], settings(document.uri).codeLens),
      executeCommand: async (command, args, next) => {
        try {
          return await this.abilities.runCommand(command, args, async (ownArgs) => (await next(command, ownArgs)) as unknown);
        } catch (error) {
          explain(command === "rdit/execute" ? reasonNotToRun(error) : error);
          return undefined;
        }
      },
      // The status bar item already shows that something runs, and for how long.
      handleWorkDoneProgress: () => undefined,
      workspace: {
        configuration: async (params, token, next) =>
          Promise.all(
            params.items.map(async (item) => {
              if (item.section === "rdit") return this.settingsAt(item.scopeUri);
              const answer = await next({ items: [item] }, token);
              return Array.isArray(answer) ? (answer[0] as unknown) : null;
            }),
          ),
      },
    };
  }

  private async settingsAt(scopeUri: string | undefined): Promise<object> {
    const resource = scopeUri === undefined ? undefined : vscode.Uri.parse(scopeUri);
    return settingsForServer(resource, await this.chosenPython.for(resource));
  }

  private onClosed(): { action: CloseAction; message?: string; handled?: boolean } {
    const now = Date.now();
    this.crashes = [...this.crashes.filter((time) => now - time < tooManyCrashes.milliseconds), now];
    if (this.crashes.length < tooManyCrashes.count) return { action: CloseAction.Restart, handled: true };
    this.starting = undefined;
    const message = "rdit's server keeps crashing and was not started again. Its log says why.";
    void vscode.window.showErrorMessage(message, "Show Log", "Restart Server").then((choice) => {
      if (choice === "Show Log") this.log.show();
      if (choice === "Restart Server") void vscode.commands.executeCommand("rdit.restartServer");
    });
    return { action: CloseAction.DoNotRestart, handled: true };
  }

  private follow(client: LanguageClient, state: State): void {
    if (client !== this.client) return;
    this.setState(state === State.Running ? "running" : state === State.Starting ? "starting" : "stopped");
  }

  private setState(state: ServerState): void {
    if (this.state === state) return;
    this.log.debug(`server: ${this.state} -> ${state}`);
    this.state = state;
    this.states.fire(state);
  }
}

/** Give a server that was told to exit a second for it. What it runs ends with it either way. */
async function end(process: ChildProcess | undefined): Promise<void> {
  if (!process || process.exitCode !== null || process.signalCode !== null) return;
  const timer = setTimeout(() => process.kill("SIGKILL"), 1000);
  await once(process, "exit");
  clearTimeout(timer);
}

/** A run that fails before it begins has no interpreter, or none that can be started as the settings say. */
function reasonNotToRun(error: unknown): unknown {
  const isMended = error instanceof ResponseError && error.code === LSPErrorCodes.RequestFailed;
  return isMended ? new SettingsError(error.message, "@ext:rdit.rdit") : error;
}

/** Show why a command failed; a document that changed meanwhile is no failure worth a box. */
export function explain(error: unknown): void {
  if (error instanceof ResponseError && error.code === LSPErrorCodes.ContentModified) {
    vscode.window.setStatusBarMessage("rdit: the document changed while the command was on its way; run it again.", 5000);
    return;
  }
  const message = error instanceof Error ? error.message : String(error);
  void offerRemedies(message.startsWith("rdit") ? message : `rdit: ${message}`, error);
}

async function offerRemedies(message: string, error: unknown): Promise<void> {
  const remedies = [...(error instanceof SettingsError ? settingsRemedies(error) : []), showLog];
  const chosen = await vscode.window.showErrorMessage(message, ...remedies);
  if (chosen) await vscode.commands.executeCommand(chosen.command, ...chosen.arguments);
}

interface Remedy extends vscode.MessageItem {
  command: string;
  arguments: unknown[];
}

const showLog: Remedy = { title: "Show Log", command: "rdit.showLog", arguments: [] };

function settingsRemedies({ query }: SettingsError): Remedy[] {
  const open = { title: "Open Settings", command: "workbench.action.openSettings", arguments: [query] };
  const choose = { title: "Choose Interpreter", command: "python.setInterpreter", arguments: [] };
  return vscode.extensions.getExtension("ms-python.python") ? [open, choose] : [open];
}
