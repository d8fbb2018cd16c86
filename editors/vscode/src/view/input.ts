/** Answers `input()` and `getpass()` of running code with an input box. */

import * as vscode from "vscode";
import type { InputParams, InputResult } from "../protocol";

/** VS Code shows one input box at a time: a second one would dismiss the first. */
let previous: Promise<unknown> = Promise.resolve();

export async function answerInput(params: InputParams, token: vscode.CancellationToken): Promise<InputResult> {
  const answer = previous.then(() => ask(params, token));
  // The next question waits for this answer, also when it is an error.
  previous = answer.catch(() => undefined);
  return answer;
}

async function ask(params: InputParams, token: vscode.CancellationToken): Promise<InputResult> {
  if (token.isCancellationRequested) return { text: null };
  const file = vscode.workspace.asRelativePath(vscode.Uri.parse(params.uri));
  const text = await vscode.window.showInputBox(
    {
      title: `${file} asks for input`,
      prompt: `${params.prompt.trim()} (Escape ends the input)`.trim(),
      password: params.password,
      // Looking something up in another window must not end the program's input.
      ignoreFocusOut: true,
    },
    token,
  );
  return { text: text ?? null };
}
