/**
 * rdit's own part of the protocol: the shapes of docs/protocol.md, and nothing else.
 *
 * Lines are 1-based and inclusive, as Python prints them. Positions are those of LSP.
 */

export type Outcome =
  | "ok"
  | "error"
  | "interrupted"
  | "timeout"
  | "exit"
  | "crashed"
  | "notRun"
  | "running";

export type SessionState = "idle" | "busy" | "starting" | "dead";

export interface Frame {
  file: string;
  line: number;
  endLine?: number;
  column?: number;
  endColumn?: number;
  function: string;
  text?: string;
}

export type OutputItem =
  | { type: "stdout" | "stderr"; text: string; /** Of all that was written. */ size?: number; /** A file with all of it. */ path?: string }
  | { type: "result" | "display"; text: string; data: Record<string, unknown>; metadata?: Metadata }
  | { type: "error"; text: string; name: string; value: string; frames: Frame[] };

/** By MIME type what an object says of itself; under `rdit` what the server knows of it. */
export interface Metadata {
  [mime: string]: unknown;
  rdit?: {
    /** Sentences on what could not be shown. */
    notes?: string[];
    /** A formula as a person writes it. */
    pretty?: string;
  };
}

export interface StatementResult {
  /** Position among the module's top-level statements, from 0; -1 for a file that does not compile. */
  nodeIndex: number;
  lineStart: number;
  lineEnd: number;
  isExpr: boolean;
  status: Outcome;
  /** Whether there is nothing to show. */
  isInvisible: boolean;
  durationMs: number | null;
  exitCode?: number;
  /** Still valid from an earlier run, not run again in this one. */
  reused?: boolean;
  stale?: boolean;
  staleReason?: string | null;
  /** One short line, ready to draw. */
  summary?: string | null;
  output: OutputItem[];
}

export type Scope = "file" | "stale" | "toHere" | "statement" | "range" | "cell" | "fromHere";

export interface LineRange {
  from: number;
  to: number;
}

export interface Position {
  line: number;
  character: number;
}

export interface ExecuteParams {
  uri: string;
  version?: number;
  scope?: Scope;
  fresh?: boolean;
  lineRange?: LineRange;
  position?: Position;
  transactionPolicy?: TransactionPolicy;
}

/** When a run is taken back: never, where it does not end with "ok", or always. */
export type TransactionPolicy = "commit_always" | "commit_on_success" | "rollback_always";

/** How the state was come to that a run began in, or that was gone back to. */
export interface WayBack {
  kind: "live" | "kept" | "checkpoint" | "start";
  /** The first line that ran. */
  lineStart?: number;
}

export interface ExecuteResult {
  executionId: string;
  status: Exclude<Outcome, "notRun" | "running"> | "cancelled";
  results: StatementResult[];
  wayBack?: WayBack;
}

/** The results that changed since the last notification; all of them when `full` is set. */
export interface DidChangeResultsParams {
  uri: string;
  /** The document version that the results' lines and indexes are meant for. */
  version: number | null;
  state: SessionState;
  results: StatementResult[];
  /** The number of statements now: results at or beyond it are gone. */
  count?: number;
  full?: boolean;
}

export interface InputParams {
  uri: string;
  prompt: string;
  password: boolean;
}

export interface InputResult {
  /** `null` is end of file. */
  text: string | null;
}

export interface SessionStatus {
  uri: string;
  state: SessionState;
  python: string | string[] | null;
  pythonVersion: string | null;
  pid: number | null;
  queued: number | unknown[];
  checkpoints?: KeptCheckpoints;
}

export interface KeptCheckpoints {
  count: number;
  /** Bytes that they hold. */
  memory: number;
  /** Why the last one asked for could not be had. */
  refused?: { lineEnd: number; reason: string };
}

export interface StatusResult {
  status: "ok";
  version: string;
  sessions: SessionStatus[];
}

export interface ResultsResult {
  results: StatementResult[];
}

export interface Variable {
  name: string;
  type: string;
  summary: string;
  lineStart?: number;
}

export interface PlaceParams {
  uri: string;
  position: Position;
  /** Whether the server has the editor open it; by default it does. */
  show?: boolean;
}

export interface CopyResult {
  text: string;
}

export interface PicturesResult {
  paths: string[];
}

export interface VariablesResult {
  variables: Variable[];
  /** Which state of the program was looked at: `now`, `while line 12 runs`. */
  origin?: string;
}

export interface Checkpoint {
  checkpointId: string;
  /** Whether a process waits in that state, or what led to it would run again. */
  kind: "process" | "rerun";
  /** Of one made by hand. */
  name?: string;
  automatic: boolean;
  /** ISO 8601. */
  time: string;
  /** The last line that had run. */
  lineEnd: number;
  workMs: number;
  /** Bytes that it alone holds. */
  memory?: number;
  /** Why there is no process. */
  reason?: string;
}

export interface CheckpointsResult {
  checkpoints: Checkpoint[];
}

export interface RestoreResult {
  status: "restored";
  wayBack?: WayBack;
}

/** What the server offers by `workspace/executeCommand` and as plain requests of the same names. */
export interface Requests {
  "rdit/execute": { params: ExecuteParams; result: ExecuteResult };
  "rdit/interrupt": { params: { uri: string }; result: { interrupted: boolean } };
  "rdit/reset": { params: { uri: string }; result: { status: "ok" } };
  "rdit/status": { params: { uri?: string }; result: StatusResult };
  "rdit/results": { params: { uri: string; lineRange?: LineRange }; result: ResultsResult };
  "rdit/copyResult": { params: PlaceParams; result: CopyResult };
  "rdit/openPicture": { params: PlaceParams; result: PicturesResult };
  "rdit/variables": { params: { uri: string }; result: VariablesResult };
  "rdit/checkpoint": { params: { uri: string; name?: string }; result: Checkpoint };
  "rdit/restore": { params: { uri: string; checkpointId: string }; result: RestoreResult };
  "rdit/checkpoints": { params: { uri: string }; result: CheckpointsResult };
}

export const didChangeResults = "rdit/didChangeResults";
export const input = "rdit/input";

/** LSP's ContentModified: the request was meant for another version of the document. */
export const contentModified = -32801;
