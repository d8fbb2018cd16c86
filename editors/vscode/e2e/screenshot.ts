/** The README's picture: a file that has run, one line edited since, and the output panel beside it. */

import { mkdirSync, rmSync } from "node:fs";
import path from "node:path";
import { CodeServer } from "./codeServer";
import { makeFolder } from "./documents";
import { Workbench } from "./workbench";

const file = `# How many rolls until every face of the die was seen?
from collections import Counter
from random import Random

dice = Random(6)

def rolls_until_all(faces: int) -> int:
    seen: set[int] = set()
    rolls = 0
    while len(seen) < faces:
        seen.add(dice.randrange(faces))
        rolls += 1
    return rolls

trials = [rolls_until_all(6) for _ in range(2000)]
sum(trials) / len(trials)
max(trials)

histogram = Counter(trials)
for rolls, count in sorted(histogram.items())[:12]:
    print(f"{rolls:3} {'█' * (count // 8)}")

unlucky = [rolls for rolls in trials if rolls > 40]
len(unlucky)
f"{len(unlucky) / len(trials):.2%} over 40"
`;

async function main(): Promise<void> {
  const root = path.resolve(process.cwd(), "../..");
  const folder = makeFolder({ "dice.py": file }, "dice");
  const vsix = path.join(process.cwd(), "dist", "rdit.vsix");
  const settings = { "workbench.colorTheme": "Default Dark Modern", "workbench.activityBar.location": "hidden", "editor.fontSize": 13, "breadcrumbs.enabled": false, "rdit.maxLength": 60 };
  const vscode = new CodeServer({ root, vsix: [vsix], settings });
  await vscode.start();
  const window = await Workbench.open(vscode.url(folder, "dice.py"), { width: 1200, height: 600 });
  try {
    // The keys of an extension count only once VS Code has found it.
    await window.statusBarSays(/Python|rdit/);
    await window.press("Control+b");
    await window.focusEditor();
    await window.press("Shift+Alt+x", "f");
    await window.seesMark("over 40", /^→ .*%/);
    await window.press("Shift+Alt+x", "o");
    await window.focusEditor();
    await window.goTo(23);
    await window.press("End", "ArrowLeft");
    await window.press("Backspace");
    await window.page.keyboard.type("5");
    await window.seesMark("len(unlucky)", /^~/);
    // Not by “go to line”, which would scroll.
    await window.press("Control+Home", ...Array<string>(19).fill("ArrowDown"));
    await window.panelSays("█");
    mkdirSync(path.join(root, "docs", "screens"), { recursive: true });
    await window.screenshot(path.join(root, "docs", "screens", "vscode.png"));
  } finally {
    await window.close();
    await vscode.stop();
    vscode.cleanUp();
    rmSync(path.dirname(folder), { recursive: true, force: true });
  }
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
