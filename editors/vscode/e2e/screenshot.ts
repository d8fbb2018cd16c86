/** The pictures of VS Code: a file that has run, one line edited since, the output panel beside it, and a hover. */

import { mkdirSync, rmSync } from "node:fs";
import path from "node:path";
import { CodeServer, eventually } from "./codeServer";
import { makeFolder } from "./documents";
import { Workbench } from "./workbench";

const file = `"""# How far do random walks get?"""
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

rng = np.random.default_rng(2026)
days = pd.date_range("2026-01-01", periods=365)
steps = rng.normal(size=(365, 3))
walks = pd.DataFrame(steps.cumsum(axis=0), days, list("abc"))
walks.tail(5).round(2)

for name in walks:
    print(name, walks[name].iloc[-1].round(1))

fig, ax = plt.subplots(figsize=(5.8, 3.8), layout="constrained")
ax = walks.plot(ax=ax, title="Three random walks")
plt.show()

farthest = walks.abs().max()
farthest.idxmax()
f"The farthest is at **{farthest.max():.1f}**."
`;

const root = path.resolve(process.cwd(), "../..");
const screens = path.join(root, "docs", "screens");
const python = path.join(root, ".tools", "rich");

const settings = {
  "workbench.colorTheme": "Default Dark Modern",
  "workbench.activityBar.location": "hidden",
  "editor.fontSize": 13,
  "breadcrumbs.enabled": false,
  "rdit.maxLength": 60,
  "rdit.python": path.join(python, "bin", "python"),
  "rdit.env": { MPLCONFIGDIR: path.join(python, "matplotlib") },
};

async function main(): Promise<void> {
  const folder = makeFolder({ "walks.py": file }, "walks");
  const vscode = new CodeServer({ root, vsix: [path.join(process.cwd(), "dist", "rdit.vsix")], settings });
  await vscode.start();
  const window = await Workbench.open(vscode.url(folder, "walks.py"), { width: 1280, height: 640 });
  mkdirSync(screens, { recursive: true });
  try {
    await run(window);
    await takeHover(window);
    await takePanel(window);
  } finally {
    await window.close();
    await vscode.stop();
    vscode.cleanUp();
    rmSync(path.dirname(folder), { recursive: true, force: true });
  }
}

async function run(window: Workbench): Promise<void> {
  // The keys of an extension count only once VS Code has found it.
  await window.statusBarSays(/Python|rdit/);
  await window.press("Control+b");
  await window.focusEditor();
  await window.press("Shift+Alt+x", "f");
  await window.seesMark("The farthest", /^→ /);
  await window.statusBarSays(/Python 3/);
}

async function takePanel(window: Workbench): Promise<void> {
  await window.press("Shift+Alt+x", "o");
  await window.focusEditor();
  await window.goTo(19);
  await window.press("End", ...Array<string>(".max()".length).fill("ArrowLeft"));
  await window.page.keyboard.type(".round()");
  await window.seesMark("farthest.idxmax()", /^~/);
  // Not by “go to line”, which would scroll.
  await window.press("Control+Home", ...Array<string>(16).fill("ArrowDown"));
  const figure = window.panel().locator("img");
  await eventually("the figure is drawn", () => figure.evaluate((image) => (image as HTMLImageElement).naturalWidth > 0));
  await window.screenshot(path.join(screens, "vscode.png"));
}

async function takeHover(window: Workbench): Promise<void> {
  await window.press("Control+Home", ...Array<string>(9).fill("ArrowDown"));
  await window.press("Control+k", "Control+i");
  const hover = window.page.locator(".monaco-hover:not(.hidden)", { hasText: "rdit: from" });
  await hover.waitFor();
  // It fades in.
  await hover.evaluate((shown) => Promise.all(shown.getAnimations({ subtree: true }).map((animation) => animation.finished)));
  await window.screenshot(path.join(screens, "vscode-hover.png"));
  await window.press("Escape");
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
