/** What is said of checkpoints: in the list to choose from, in the status bar, after going back. Pure. */

import type { Checkpoint, ExecuteResult, KeptCheckpoints, TransactionPolicy, WayBack } from "../protocol";

/** A checkpoint as an entry of a list. */
export interface Choice {
  label: string;
  description: string;
  /** What restoring it takes, where that is more than a moment. */
  detail?: string;
  checkpoint: Checkpoint;
}

/** Those made by hand, and those made automatically; the newest first in each. */
export interface Choices {
  byHand: Choice[];
  automatic: Choice[];
}

export function checkpointChoices(checkpoints: Checkpoint[]): Choices {
  const newestFirst = [...checkpoints].sort((a, b) => Date.parse(b.time) - Date.parse(a.time));
  const choices = newestFirst.map(choice);
  return {
    byHand: choices.filter(({ checkpoint }) => !checkpoint.automatic),
    automatic: choices.filter(({ checkpoint }) => checkpoint.automatic),
  };
}

function choice(checkpoint: Checkpoint): Choice {
  const { name, lineEnd, time, memory, kind } = checkpoint;
  const facts = [
    new Date(time).toLocaleTimeString(),
    // One without a name is called after its line.
    name === undefined ? "" : `line ${lineEnd}`,
    memory === undefined ? "" : megabytes(memory),
    kind === "process" ? "instant" : "runs again",
  ];
  const found: Choice = {
    label: name ?? `after line ${lineEnd}`,
    description: facts.filter(Boolean).join(" · "),
    checkpoint,
  };
  if (kind === "rerun") found.detail = runsAgain(checkpoint);
  return found;
}

function runsAgain({ workMs, reason }: Checkpoint): string {
  const work = workMs < 1000 ? `${Math.ceil(workMs)} ms` : `${(workMs / 1000).toFixed(1)} s`;
  return `Restoring it runs the code before it again (${work})${reason === undefined ? "" : `: ${reason}`}`;
}

/** What was made, after it was asked for. */
export function keptSentence(checkpoint: Checkpoint): string {
  const { label, description, detail } = choice(checkpoint);
  return detail === undefined ? `checkpoint “${label}” (${description})` : `checkpoint “${label}”. ${detail}`;
}

/** What was done to go back. */
export function restoredSentence(checkpoint: Checkpoint, wayBack: WayBack): string {
  const from = wayBack.lineStart;
  const hasRun = from !== undefined && from <= checkpoint.lineEnd;
  const { label } = choice(checkpoint);
  return `back at “${label}”${hasRun ? `; lines ${from} to ${checkpoint.lineEnd} ran again` : ""}`;
}

/** What became of a run that may be taken back; nothing where it stands as it is. */
export function takenBackSentence(policy: TransactionPolicy, status: ExecuteResult["status"]): string | undefined {
  if (policy === "commit_always" || status === "cancelled") return undefined;
  const how = status === "ok" ? "finished" : `ended early (${status})`;
  if (policy === "rollback_always") return `dry run ${how}; variables are unchanged`;
  return status === "ok" ? undefined : `the run ${how} and was undone; variables are unchanged`;
}

/** How many there are, and what they cost. */
export function countSentence({ count, memory }: KeptCheckpoints): string {
  if (count === 0) return "no checkpoints";
  return `${count} ${count === 1 ? "checkpoint" : "checkpoints"}, ${megabytes(memory)} beyond the program's own memory`;
}

/** Why there is no newer one; nothing where none was refused. */
export function refusedSentence({ refused }: KeptCheckpoints): string | undefined {
  return refused && `no checkpoint since line ${refused.lineEnd}: ${refused.reason}`;
}

function megabytes(bytes: number): string {
  const amount = bytes / 1e6;
  return `${amount < 10 ? amount.toFixed(1) : Math.round(amount)} MB`;
}
