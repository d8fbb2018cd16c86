/** The example that the walkthrough opens. */

import * as vscode from "vscode";

/** For the walkthrough: a document that is not on the disk, to be played with and thrown away. */
export async function openExample(): Promise<void> {
  const document = await vscode.workspace.openTextDocument({ language: "python", content: example });
  await vscode.window.showTextDocument(document);
}

const example = `from random import seed, sample

seed(1)
numbers = sample(range(100), 10)
numbers

total = sum(numbers)
total / len(numbers)

for number in sorted(numbers):
    print(number, "#" * (number // 4))
`;
