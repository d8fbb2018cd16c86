/** Answers `input()` and `getpass()` of running code with an input box. */

import * as vscode from "vscode";
import type { InputParams, InputResult } from "../protocol";

const answerButton = "Answer";
const endButton = "End Input (EOFError)";

/** VS Code shows one input box at a time: a second one would dismiss the first. */
let previous: Promise<unknown> = Promise.resolve();

export async function answerInput(params: InputParams, token: vscode.CancellationToken): Promise<InputResult> {
  const answer = previous.then(() => ask(params, token));
  // The next question waits for this answer, also when it is an error.
  previous = answer.catch(() => undefined);
  return answer;
}

/**
 * A box is dismissed by Escape in any place and by any list that opens, often without wanting to: the program
 * goes on waiting then, until it is said that the input is to end.
 */
async function ask(params: InputParams, token: vscode.CancellationToken): Promise<InputResult> {
  while (!token.isCancellationRequested) {
    const text = await showBox(params, token);
    if (text !== undefined) return { text };
    if (token.isCancellationRequested || !(await wantsToAnswer(params, token))) break;
  }
  return { text: null };
}

function showBox(params: InputParams, token: vscode.CancellationToken): Thenable<string | undefined> {
  const options: vscode.InputBoxOptions = {
    title: `${fileOf(params)} asks for input`,
    password: params.password,
    // Looking something up in another window is no answer.
    ignoreFocusOut: true,
  };
  const prompt = params.prompt.trim();
  return vscode.window.showInputBox(prompt ? { ...options, prompt } : options, token);
}

async function wantsToAnswer(params: InputParams, token: vscode.CancellationToken): Promise<boolean> {
  const prompt = params.prompt.trim();
  const message = `rdit: ${fileOf(params)} waits for input${prompt ? `: ${prompt}` : "."}`;
  const choice = vscode.window.showInformationMessage(message, answerButton, endButton);
  return (await Promise.race([choice, cancelled(token)])) === answerButton;
}

function cancelled(token: vscode.CancellationToken): Promise<undefined> {
  return new Promise((resolve) => token.onCancellationRequested(() => resolve(undefined)));
}

function fileOf({ uri }: InputParams): string {
  return vscode.workspace.asRelativePath(vscode.Uri.parse(uri));
}
