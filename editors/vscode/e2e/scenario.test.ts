/**
 * What a user does with rdit, done in a real VS Code and seen on its screen.
 *
 * One window for all steps, as one would have it.
 */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { after, before, describe, it } from "node:test";
import { CodeServer, eventually } from "./codeServer";
import { documents, makeFolder } from "./documents";
import { makePythonExtension } from "./pythonExtension";
import { Workbench } from "./workbench";

const extension = process.cwd();
const root = path.resolve(extension, "../..");
const pictures = path.join(extension, "dist", "e2e", "failures");
const vsix = path.join(extension, "dist", "rdit.vsix");

/** For work on the test itself: another server than the bundled one, as a JSON list. */
const otherServer = JSON.parse(process.env.RDIT_SERVER_COMMAND ?? "[]") as string[];
const settings = { "rdit.server.command": otherServer };

const cannedServer = [process.execPath, path.join(extension, "dist", "e2e", "cannedServer.js")];

/** The server's process; what it starts for documents has other command lines. */
const serverProcess = otherServer.length > 0 ? new RegExp(otherServer.at(-1) ?? "") : /bundled\/launch\.py lsp/;

describe("rdit in VS Code", { timeout: 900_000 }, () => {
  const folder = makeFolder();
  const vscode = new CodeServer({ root, vsix: [vsix], settings });
  let window: Workbench;
  const failed: string[] = [];

  before(async () => {
    mkdirSync(pictures, { recursive: true });
    await vscode.start();
    window = await Workbench.open(vscode.url(folder, "main.py"));
  });

  after(async () => {
    await window?.close();
    await vscode.stop();
    vscode.cleanUp();
    rmSync(path.dirname(folder), { recursive: true, force: true });
  });

  const step = (name: string, run: () => Promise<void>) =>
    void it(name, async () => {
      // Steps lean on each other little, but five failures have one cause.
      if (failed.length >= 5) assert.fail(`not reached, because these failed: ${failed.join("; ")}`);
      failed.push(name);
      await withPicture(window, name, run);
      failed.pop();
    });

  step("opens a file: nothing runs, and the server is there", async () => {
    await window.statusBarSays(/Python|rdit/);
    await eventually("the server runs", () => vscode.programs(serverProcess).length === 1);
    await window.seesNoMark("answer = 6 * 7");
  });

  step("runs a statement and moves on", async () => {
    await window.goTo(1);
    await window.press("Shift+Alt+Enter");
    await window.cursorIsOn(2);
    await window.press("Shift+Alt+Enter");
    await window.cursorIsOn(3);
    await window.seesMark("answer", /^→ 42$/);
    await window.statusBarSays(/Python 3\.\d+/);
  });

  step("runs the file", async () => {
    await window.press("Shift+Alt+x", "f");
    await window.seesMark('print("hello,", answer)', /^→ hello, 42$/);
    await window.page.locator(".cgmr[class*='ced-']").first().waitFor({ state: "attached" });
  });

  step("shows the value in the hover", async () => {
    await window.goTo(2);
    await window.press("Control+k", "Control+i");
    await window.page.locator(".monaco-hover:not(.hidden)", { hasText: "42" }).first().waitFor();
    await window.press("Escape");
  });

  step("marks stale after an edit, and fresh again after undoing it", async () => {
    await window.goTo(1);
    await window.press("End");
    await window.page.keyboard.type(" + 1");
    await window.seesMark("answer", /^~ 42$/);
    await window.undoUntil("answer = 6 * 7");
    await window.seesMark("answer", /^[→⇢] 42$/);
  });

  step("updates what is stale", async () => {
    await window.goTo(1);
    await window.press("End");
    await window.page.keyboard.type(" + 1");
    await window.seesMark('print("hello,", answer)', /^~ hello, 42$/);
    await window.press("Control+Alt+Enter");
    await window.seesMark('print("hello,", answer)', /^→ hello, 43$/);
  });

  step("keeps marks with their lines while lines are inserted above", async () => {
    await window.goTo(1);
    await window.page.keyboard.type("# a comment");
    await window.press("Enter");
    await window.seesMark('print("hello,", answer)', /^[→⇢] hello, 43$/);
    await window.seesNoMark("# a comment");
  });

  step("shows an error: mark and squiggle", async () => {
    await window.openFile("error.py");
    await window.press("Shift+Alt+x", "f");
    await window.seesMark("rows[7]", /^✗ IndexError: list index out of range$/);
    await window.seesMark("len(rows)", /^→ 3$/);
    await window.page.locator(".squiggly-error").first().waitFor({ state: "attached" });
  });

  step("tells the looks apart in every kind of theme", async () => {
    const themes = { "Default Dark Modern": "vs-dark", "Default Light Modern": "vs", "Default High Contrast": "hc-black", "Default High Contrast Light": "hc-light" };
    for (const [theme, cssClass] of Object.entries(themes)) {
      vscode.configure({ "workbench.colorTheme": theme });
      await window.page.locator(`.monaco-workbench.${cssClass}`).waitFor();
      const colours = await window.colours();
      assert.equal(new Set(Object.values(colours)).size, Object.keys(colours).length, `${theme}: ${JSON.stringify(colours)}`);
      assert.equal(await window.colourOf("len(rows)"), colours.fresh);
      assert.equal(await window.colourOf("rows[7]"), colours.error);
    }
    vscode.configure({});
  });

  step("clears the error when it is corrected", async () => {
    await window.goTo(3);
    await window.press("Shift+End");
    await window.page.keyboard.type("rows[2]");
    await window.press("Control+Alt+Enter");
    await window.seesMark("rows[2]", /^→ 3$/);
    await window.seesMark('print("not reached")', /^→ not reached$/);
    await window.page.locator(".squiggly-error").first().waitFor({ state: "detached" });
  });

  step("shows what does not compile, and forgets it when it is corrected", async () => {
    await window.goTo(4);
    await window.press("Shift+End");
    await window.page.keyboard.type("1 +");
    await window.press("Shift+Alt+x", "f");
    await window.seesMark("1 +", /^✗ SyntaxError/);
    await window.press("End");
    await window.page.keyboard.type(" 1");
    await window.press("Shift+Alt+x", "f");
    await window.seesMark("1 + 1", /^→ 2$/);
  });

  step("streams a loop's output and interrupts it", async () => {
    await window.openFile("loop.py");
    await window.press("Shift+Alt+x", "f");
    await window.seesMark("time.sleep", /^⋯ .*tick [1-9]/);
    await window.statusBarSays(/\d s/);
    await window.press("Shift+Alt+x", "Shift+Alt+x");
    await window.seesMark("time.sleep", /^■ interrupted/);
    await window.goTo(6);
    await window.press("Shift+Alt+Enter");
    await window.seesMark("before", /^[→⇢↷~] 'kept'$/);
  });

  step("answers input(), also when it is a secret", async () => {
    await window.openFile("ask.py");
    await window.press("Shift+Alt+x", "f");
    const box = window.page.locator(".quick-input-widget", { hasText: "Your name?" });
    await box.locator("input[type=text]").waitFor();
    await window.page.keyboard.type("ada");
    await window.press("Enter");
    await window.seesMark("name.upper()", /^→ 'ADA'$/);
    const secret = window.page.locator(".quick-input-widget", { hasText: "Your secret?" });
    await secret.locator("input[type=password]").waitFor();
    await window.page.keyboard.type("12345");
    await window.press("Enter");
    await window.seesMark("len(secret)", /^→ 5$/);
    await window.seesMark("name = input", /^→ Your name\? ada$/);
  });

  step("goes on waiting for input when its box is dismissed, until the input is ended", async () => {
    await window.press("Shift+Alt+x", "f");
    const box = window.page.locator(".quick-input-widget", { hasText: "Your name?" });
    const toast = window.page.locator(".notification-toast", { hasText: "ask.py waits for input: Your name?" });
    await box.locator("input[type=text]").waitFor();
    await window.press("Escape");
    await toast.locator(".monaco-button", { hasText: "Answer" }).click();
    await box.locator("input[type=text]").waitFor();
    await window.press("Escape");
    await toast.locator(".monaco-button", { hasText: "End Input" }).click();
    await window.seesMark("name = input", /^✗ EOFError/);
  });

  step("evaluates expressions in the program, which stays as it is", async () => {
    await window.openFile("main.py");
    await window.press("Shift+Alt+x", "f");
    await window.seesMark("print(", /^→ hello, 43$/);
    const message = window.page.locator(".quick-input-widget .quick-input-message");
    await window.press("Shift+Alt+x", "e");
    await window.answers("Evaluate in main.py", "answer * 2");
    await message.getByText("86").waitFor();
    await window.press("Control+a");
    await window.page.keyboard.type("globals().pop('answer')");
    await window.press("Enter");
    await message.getByText("43").waitFor();
    await window.press("Control+a");
    await window.page.keyboard.type("answer.nothing");
    await window.press("Enter");
    await message.getByText("AttributeError: 'int' object has no attribute 'nothing'").waitFor();
    await window.press("Escape");
  });

  step("exports a file with its results", async () => {
    await window.command("rdit: Export…");
    await window.picks(/Markdown/);
    await window.page.locator(".quick-input-action", { hasText: "OK" }).click();
    await window.page.locator(".notification-toast", { hasText: "exported to main.md" }).waitFor();
    assert.match(readFileSync(path.join(folder, "main.md"), "utf8"), /hello, 4\d/);
    await window.command("Notifications: Clear All Notifications");
  });

  step("makes a script of a notebook, from the menu of the Explorer", async () => {
    const files = window.page.locator(".explorer-folders-view .monaco-list-row");
    // What was exported moves the others when it comes.
    await files.filter({ hasText: "main.md" }).waitFor();
    await files.filter({ hasText: "book.ipynb" }).click({ button: "right" });
    // A menu takes no click in the moment in which it opens.
    await window.page.locator(".monaco-menu .action-item", { hasText: "Import Notebook" }).hover();
    await window.page.keyboard.press("Enter");
    await window.page.locator(".tab.active", { hasText: "book.py" }).waitFor();
    await window.page.locator(".notification-toast", { hasText: "1 line was left as a comment" }).waitFor();
    assert.match(readFileSync(path.join(folder, "book.py"), "utf8"), /^# %load_ext autoreload$/m);
    await window.command("Notifications: Clear All Notifications");
  });

  step("survives a crash of the worker, and goes on", async () => {
    await window.openFile("crash.py");
    await window.press("Shift+Alt+x", "f");
    await window.seesMark("__import__", /^[✗~] Python was killed by signal 11/);
    await window.goTo(3);
    await window.press("Shift+End");
    await window.page.keyboard.type("kept.upper()");
    await window.press("Control+Alt+Enter");
    await window.seesMark("kept.upper()", /^→ 'STILL HERE'$/);
  });

  step("says in the panel what crashed", async () => {
    await window.goTo(3);
    await window.press("Shift+End");
    await window.page.keyboard.type('__import__("os").kill(__import__("os").getpid(), 11)');
    await window.press("Control+Alt+Enter");
    await window.seesMark("__import__", /^[✗~] Python was killed by signal 11/);
    await window.press("Shift+Alt+x", "o");
    await window.panelSays(/^Python was killed by signal 11 at line 3\./);
    await window.closePanel();
  });

  step("keeps a checkpoint by a name, and restores it", async () => {
    await window.openFile("states.py");
    await window.goTo(2);
    await window.press("Control+Shift+Alt+Enter");
    await window.seesMark("len(numbers)", /^→ 3$/);
    await window.press("Shift+Alt+x", "k");
    await window.answers("Name this checkpoint", "three numbers");
    await window.statusBarTells(/checkpoint “three numbers” \(.*line 2/);
    await window.goTo(3);
    await window.press("Shift+Alt+Enter");
    await window.goTo(2);
    await window.press("Shift+Alt+Enter");
    await window.seesMark("len(numbers)", /^[→↷~] 4$/);
    await window.press("Shift+Alt+x", "z");
    await window.picks(/three numbers.*line 2 · [\d.]+ MB · instant/);
    await window.statusBarTells(/back at “three numbers”/);
    await window.goTo(2);
    await window.press("Shift+Alt+Enter");
    await window.seesMark("len(numbers)", /^[→↷~] 3$/);
  });

  step("takes a dry run back", async () => {
    await window.goTo(3);
    await window.press("Shift+End");
    await window.press("Shift+Alt+x", "d");
    await window.statusBarTells(/dry run finished/);
    await window.goTo(2);
    await window.press("Shift+Alt+Enter");
    await window.seesMark("len(numbers)", /^[→↷~] 3$/);
  });

  step("tells how many checkpoints there are behind the status bar item", async () => {
    await window.page.locator(".statusbar-item[id*='rdit.status']").click();
    await window.page.locator(".quick-input-list .monaco-list-row").first().waitFor();
    await window.page.keyboard.type("Restore");
    await window.picks(/Restore Checkpoint….*\d+ checkpoints?, [\d.]+ MB/);
    await window.page.locator(".quick-input-list .monaco-list-row", { hasText: "three numbers" }).waitFor();
    await window.press("Escape");
    await window.focusEditor();
  });

  step("lists the variables in the side bar, renewed after each run", async () => {
    await window.goTo(3);
    await window.press("Shift+Alt+x", "f");
    await window.seesMark("len(numbers)", /^→ 3$/);
    await window.press("Shift+Alt+x", "v");
    const row = (text: string) => window.page.locator(".pane-body .monaco-list-row", { hasText: text });
    await row("numbers[1, 2, 3, 4] (4 items)").waitFor();
    await window.focusEditor();
    await window.press("Shift+Alt+Enter");
    await row("numbers[1, 2, 3, 4, 4] (5 items)").click();
    await window.cursorIsOn(1);
    await row("numbers").hover();
    await row("numbers").getByLabel("Open Table").click();
    await window.panelSays("5 rows × 1 column");
    assert.deepEqual(await window.panel().locator("td").allTextContents(), ["1", "2", "3", "4", "4"]);
    await window.page.locator(".tab", { hasText: "numbers" }).click({ button: "middle" });
    await window.focusEditor();
    await window.press("Control+Shift+e");
    await window.focusEditor();
  });

  step("cuts marks to the window, and keeps the look of a value beside an error", async () => {
    await window.openFile("shared.py");
    await window.press("Shift+Alt+x", "f");
    await window.seesMark("1 + 1; 1 / 0", /^→ 2✗ ZeroDivisionError/);
    assert.equal(await window.colourOf("1 + 1; 1 / 0"), (await window.colours()).fresh);
    await window.seesMark('"long "', /^→ 'long long .*…$/);
    const widths = await window.page.locator(".editor-instance .view-line").first().evaluate((line) => {
      const scrollable = line.closest(".editor-scrollable");
      return { line: line.firstElementChild?.clientWidth ?? Infinity, editor: scrollable?.clientWidth ?? 0 };
    });
    assert.ok(widths.line < widths.editor, JSON.stringify(widths));
  });

  step("runs a cell", async () => {
    await window.openFile("cells.py");
    await window.goTo(5);
    await window.press("Shift+Alt+x", "c");
    await window.seesMark("20 + 2", /22$/);
    await window.seesMark("20 + 1", /21$/);
    await window.seesMark("10 + 1", /^(·.*)?$/);
  });

  step("runs the selected lines", async () => {
    await window.goTo(2);
    await window.press("Shift+ArrowDown", "Shift+ArrowDown");
    await window.press("Shift+Alt+x", "s");
    await window.seesMark("10 + 2", /12$/);
  });

  step("runs to the cursor, and no further", async () => {
    await window.press("Shift+Alt+x", "r");
    await window.seesNoMark("10 + 2");
    await window.goTo(3);
    await window.press("Control+Shift+Alt+Enter");
    await window.seesMark("10 + 2", /^→ 12$/);
    await window.seesMark("20 + 1", /^(·.*)?$/);
  });

  step("runs from the menu behind the status bar item", async () => {
    await window.page.locator(".statusbar-item[id*='rdit.status']").click();
    await window.page.locator(".quick-input-list .monaco-list-row", { hasText: "Run File" }).click();
    await window.seesMark("20 + 2", /^→ 22$/);
  });

  step("keeps the tab of a file that has run, and with it its results", async () => {
    await window.clickFile("copy.py");
    await window.page.locator(".tab.active .monaco-icon-label.italic").waitFor();
    await window.focusEditor();
    await window.press("Shift+Alt+x", "f");
    await window.seesMark("6 * 7", /^→ 42$/);
    await window.page.locator(".tab.active .monaco-icon-label.italic").waitFor({ state: "detached" });
    await window.clickFile("states.py");
    await window.page.locator(".tab", { hasText: "copy.py" }).click();
    await window.seesMark("6 * 7", /^→ 42$/);
  });

  step("goes on with what runs in a file that is closed and opened again", async () => {
    const interrupt = window.page.locator(".editor-actions [aria-label^='Interrupt']");
    await window.openFile("loop.py");
    await window.press("Shift+Alt+x", "f");
    await interrupt.waitFor();
    await window.closeTab("loop.py");
    await window.openFile("loop.py");
    await interrupt.waitFor();
    await window.press("Shift+Alt+x", "Shift+Alt+x");
    await interrupt.waitFor({ state: "detached" });
    await window.seesMark("time.sleep", /^■/);
  });

  step("shows complete outputs beside the editor, for the statement at the cursor or for all", async () => {
    await window.openFile("output.py");
    await window.press("Shift+Alt+x", "f");
    await window.seesMark('print("more")', /more$/);
    await window.goTo(1);
    await window.press("Shift+Alt+x", "o");
    await window.panelSays("red");
    const colour = await window.panel().locator("span", { hasText: "red" }).getAttribute("style");
    assert.match(colour ?? "", /ansiRed/);
    await window.focusEditor();
    await window.goTo(2);
    await window.panelSays("more");
    await window.panel().locator("pre", { hasText: "red" }).waitFor({ state: "detached" });
    await window.goTo(3);
    await window.panel().locator("h2 em", { hasText: "title" }).waitFor();
    await window.clickInPanel("Whole file");
    await window.panelSays("red");
    await window.closePanel();
  });

  step("shows a table as high as it is, and follows the cursor through the whole file", async () => {
    await window.openFile("panel.py");
    await window.press("Shift+Alt+x", "f");
    await window.seesMark('fail("no")', /^✗ ValueError: no$/);
    await window.press("Shift+Alt+x", "o");
    await window.clickInPanel("Whole file");
    const frame = window.panel().locator("iframe.plain");
    await frame.waitFor();
    const missing = () => frame.evaluate((each) => (each as HTMLIFrameElement).contentDocument!.documentElement.scrollHeight - each.clientHeight);
    await eventually("the frame is as high as its table", async () => (await frame.evaluate((each) => each.clientHeight)) > 500 && (await missing()) === 0);
    const current = (code: string) => window.panel().locator("section.current h2 code", { hasText: code });
    await window.goTo(1);
    await current('print("first")').waitFor();
    await window.goTo(2);
    await window.goTo(8);
    await current('fail("no")').waitFor();
    assert.equal(await window.panel().locator("section.current").count(), 1);
  });

  step("goes to a place of a traceback", async () => {
    await window.panel().getByRole("link", { name: /panel\.py", line 7$/ }).click();
    await window.cursorIsOn(7);
    await window.focusEditor();
  });

  step("keeps the last output while the cursor is on lines without, and stays where it is pinned", async () => {
    await window.goTo(1);
    await window.press("Shift+Alt+x", "o");
    const shown = (code: string) => window.panel().locator("section:only-of-type h2 code", { hasText: code });
    await shown('print("first")').waitFor();
    await window.focusEditor();
    await window.goTo(2);
    await window.goTo(5);
    await shown("Table()").waitFor();
    await window.goTo(2);
    await window.clickInPanel("Pin");
    await window.panelSays("Unpin");
    await window.goTo(1);
    await window.press("End", "Enter");
    await window.panel().locator("h2 a", { hasText: "line 6" }).waitFor();
    await shown("Table()").waitFor();
    await window.clickInPanel("Unpin");
    await window.goTo(1);
    await shown('print("first")').waitFor();
    await window.closePanel();
  });

  step("shows pictures in the hover, large ones from files, and SVG as an image", async () => {
    await window.openFile("picture.py");
    await window.press("Shift+Alt+x", "f");
    await window.seesMark('"text to "', /^→ 'text to copy'$/);
    for (const [line, pixels, shown] of [[13, 400, 267], [14, 60, 60]] as const) {
      await window.goTo(line);
      await window.press("Control+k", "Control+i");
      const picture = window.page.locator(".monaco-hover:not(.hidden) img").first();
      await eventually("the picture is drawn", () => picture.evaluate((image) => (image as HTMLImageElement).naturalWidth).then((found) => found === pixels));
      assert.equal(await picture.evaluate((image) => (image as HTMLImageElement).width), shown);
      await window.press("Escape");
    }
  });

  step("copies a result, by its own command and by the server's code action", async () => {
    await window.openFile("picture.py");
    await window.goTo(15);
    await window.command("rdit: Copy Result");
    await window.clipboardHolds("'text to copy'");
    await window.goTo(14);
    await window.command("Source Action...");
    await window.page.locator(".action-widget .monaco-list-row", { hasText: "rdit: Copy the result" }).click();
    await window.clipboardHolds(/\.svg$/);
  });

  step("opens a picture in an editor of its own", async () => {
    await window.openFile("picture.py");
    await window.goTo(13);
    await window.command("rdit: Open Picture");
    await window.page.locator(".tab.active", { hasText: "picture.py-line-13.png" }).waitFor();
    await window.press("Control+w");
    await window.focusEditor();
  });

  step("shows code lenses when asked to, and runs them", async () => {
    await window.openFile("main.py");
    await window.press("Shift+Alt+x", "r");
    await window.seesNoMark("answer");
    vscode.configure({ "rdit.codeLens": "statement" });
    const lenses = window.page.locator(".codelens-decoration a");
    await lenses.first().waitFor();
    await lenses.first().click();
    await lenses.nth((await lenses.count()) - 1).waitFor();
    vscode.configure({});
    await lenses.first().waitFor({ state: "detached" });
    await window.press("Control+Alt+Enter");
    await window.seesMark("print(", /hello, 43/);
  });

  step("can show inlay hints instead", async () => {
    vscode.configure({ "rdit.show": "hints" });
    await window.seesLine("a hint behind the statement, and no mark", (lines) =>
      lines.some((line) => line.text.startsWith("print(") && line.text.includes("hello, 43") && line.mark === ""),
    );
    await window.goTo(2);
    await window.press("End");
    await window.page.keyboard.type(" + 1");
    await window.press("Control+Alt+Enter");
    await window.seesLine("the hint of the new result", (lines) =>
      lines.some((line) => line.text.startsWith("print(") && /→ hello, 44/.test(line.text)),
    );
    vscode.configure({});
    await window.seesMark("print(", /hello, 44/);
    await window.undoUntil("answer = 6 * 7 + 1");
    await window.press("Control+Alt+Enter");
    await window.seesMark("print(", /hello, 43/);
  });

  step("works in a document that is not saved anywhere", async () => {
    await window.command("rdit: New Example File");
    await window.page.locator(".tab.active", { hasText: "Untitled" }).waitFor();
    await window.focusEditor();
    await window.press("Shift+Alt+x", "f");
    await window.seesMark("total / len(numbers)", /^→ \d+\.\d/);
  });

  step("draws every kind of result", async () => {
    vscode.configure({ "rdit.server.command": cannedServer });
    await eventually("the canned server runs", () => vscode.processes(/cannedServer/).length === 1);
    await window.openFile("kinds.py");
    const marks = { fresh: /^→ Table/, kept: /^⇢ Picture/, stale: /^~ old$/, running: /^⋯ /, error: /^✗ ValueError: no$/, stopped: /^■ interrupted$/, never: /^·$/ };
    for (const [code, mark] of Object.entries(marks)) await window.seesMark(code, mark);
    const colours = await window.colours();
    assert.equal(await window.colourOf("never"), colours.notRun);
    assert.equal(await window.colourOf("stale"), colours.stale);
    assert.equal(await window.colourOf("stopped"), colours.stopped);
  });

  step("shows pictures, and HTML without its scripts until they are allowed", async () => {
    await window.goTo(2);
    await window.press("Shift+Alt+x", "o");
    await window.focusEditor();
    const picture = window.panel().locator("img[src^='data:image/png']");
    await eventually("the picture is drawn", () => picture.evaluate((image) => (image as HTMLImageElement).naturalWidth === 1));
    await window.goTo(1);
    const frame = window.panel().frameLocator("iframe[sandbox='allow-same-origin']");
    await frame.getByText("Table(rich)").waitFor();
    assert.equal(await frame.getByText("a script ran").count(), 0);
    vscode.configure({ "rdit.server.command": cannedServer, "rdit.allowScripts": true });
    await window.panel().frameLocator("iframe[sandbox='allow-scripts']").getByText("a script ran").waitFor();
    vscode.configure({ "rdit.server.command": cannedServer });
    await frame.getByText("Table(rich)").waitFor();
    vscode.configure({ "rdit.server.command": cannedServer, "rdit.allowHtml": false });
    await window.panelSays("Table(plain)");
    await window.closePanel();
    vscode.configure({});
    await eventually("the server is back", () => vscode.programs(serverProcess).length === 1);
  });

  step("says which Python the settings ask for in vain, and where to change that", async () => {
    vscode.configure({ "rdit.python": "/nowhere/python" });
    await window.openFile("copy.py");
    await window.press("Shift+Alt+x", "r");
    await window.seesNoMark("6 * 7");
    await window.press("Shift+Alt+x", "f");
    const toast = window.page.locator(".notification-toast", { hasText: "/nowhere/python, set in the editor's settings, does not exist" });
    await toast.locator(".monaco-button", { hasText: "Open Settings" }).waitFor();
    vscode.configure({});
    await window.command("Notifications: Clear All Notifications");
    await window.focusEditor();
    await window.press("Shift+Alt+x", "f");
    await window.seesMark("6 * 7", /^→ 42$/);
  });

  step("explains a wrong Python, and recovers", async () => {
    vscode.configure({ "rdit.server.command": [], "rdit.server.python": "/nowhere/python" });
    await window.page.locator(".notification-toast", { hasText: "/nowhere/python" }).first().waitFor();
    await eventually("the server is gone", () => vscode.programs(serverProcess).length === 0);
    vscode.configure({});
    await eventually("the server is back", () => vscode.programs(serverProcess).length === 1);
    await window.command("Notifications: Clear All Notifications");
  });

  step("keeps results, marked stale, when the server is killed; and starts another", async () => {
    await window.openFile("main.py");
    await window.press("Shift+Alt+x", "f");
    await window.seesMark("print(", /^→ hello, 43$/);
    await eventually("there is one server", () => vscode.programs(serverProcess).length === 1);
    const [server] = vscode.programs(serverProcess);
    assert.ok(server);
    process.kill(server.pid, "SIGKILL");
    await window.seesMark("print(", /^~ hello, 43$/);
    await eventually("another server runs", () => vscode.programs(serverProcess).some(({ pid }) => pid !== server.pid));
    await window.press("Shift+Alt+x", "f");
    await window.seesMark("print(", /^→ hello, 43$/);
  });

  step("shows no old marks after a reset, in the eyes of another server, too", async () => {
    await window.command("rdit: Restart Server");
    await window.seesMark("print(", /^~ hello, 43$/);
    await window.press("Shift+Alt+x", "r");
    await window.seesNoMark("print(");
  });

  step("has no key that VS Code uses in the same place", async () => {
    const inUse = await defaultKeys(window);
    assert.ok(inUse.length > 500);
    assert.deepEqual(inUse.filter(isOurs).filter(({ when }) => !isElsewhere.test(when)), []);
  });

  step("leaves no process behind, not even in the middle of a run", async () => {
    await window.openFile("loop.py");
    await window.press("Shift+Alt+x", "f");
    await window.seesMark("time.sleep", /^⋯ .*tick/);
    await window.close();
    await vscode.stop();
    await eventually("all processes ended", () => vscode.processes(/./).length === 0, 60_000);
  });
});

describe("rdit beside the Python extension, in a workspace that is not trusted at first", { timeout: 300_000 }, () => {
  const folder = makeFolder({ "main.py": documents["main.py"], "panel.py": documents["panel.py"], "which.py": '__import__("sys").executable\n' });
  const chosen = path.join(path.dirname(folder), "chosen env");
  const trust = { "security.workspace.trust.enabled": true, "security.workspace.trust.startupPrompt": "never", "security.workspace.trust.banner": "never" };
  let vscode: CodeServer;
  let window: Workbench;

  before(async () => {
    execFileSync("python3", ["-m", "venv", "--without-pip", chosen]);
    const pythonExtension = makePythonExtension(path.dirname(folder), path.join(chosen, "bin", "python"));
    vscode = new CodeServer({ root, vsix: [vsix, pythonExtension], settings: { ...settings, ...trust }, workspaceTrust: true });
    await vscode.start();
    window = await Workbench.open(vscode.url(folder, "main.py"));
  });

  after(async () => {
    await window?.close();
    await vscode?.stop();
    vscode?.cleanUp();
    rmSync(path.dirname(folder), { recursive: true, force: true });
  });

  const step = (name: string, run: () => Promise<void>) => void it(name, () => withPicture(window, name, run));

  step("runs nothing until the workspace is trusted", async () => {
    await window.page.locator(".statusbar-item", { hasText: "Restricted Mode" }).waitFor();
    await window.focusEditor();
    await window.press("Shift+Alt+x", "f");
    await window.command("Workspaces: Manage Workspace Trust");
    const button = window.page.getByRole("button", { name: "Trust", exact: true }).first();
    await button.waitFor();
    assert.deepEqual(vscode.programs(serverProcess), []);
    await button.click();
    await eventually("the server runs", () => vscode.programs(serverProcess).length === 1, 60_000);
    await window.press("Escape");
  });

  step("runs code in the Python chosen there", async () => {
    await window.openFile("which.py");
    await window.press("Shift+Alt+x", "f");
    await window.seesMark("executable", /→ '.*\/chosen env\/bin\/python'$/);
    await window.statusBarSays(/Python 3\.\d+/);
  });

  step("opens the panel by itself at the first table, once", async () => {
    vscode.configure({ "rdit.openOutputs": true });
    await window.openFile("panel.py");
    await window.press("Shift+Alt+x", "f");
    await window.panel().locator("section h2 code", { hasText: "Table()" }).waitFor();
    await window.panelSays("ValueError: no");
    await window.page.locator(".monaco-editor.focused").waitFor();
    await window.closePanel();
    await window.press("Shift+Alt+x", "r");
    await window.seesNoMark("Table()");
    await window.press("Shift+Alt+x", "f");
    await window.seesMark('fail("no")', /^✗ ValueError: no$/);
    assert.equal(await window.page.locator(".tab", { hasText: "rdit outputs" }).count(), 0);
  });
});

/** The screen says more about a failure than any message. */
async function withPicture(window: Workbench, name: string, run: () => Promise<void>): Promise<void> {
  try {
    await run();
  } catch (error) {
    await window.screenshot(path.join(pictures, `${name.replace(/\W+/g, "-")}.png`));
    // Whatever this step left open would be in the way of the next one.
    await window.press("Escape", "Escape");
    throw error;
  }
}

interface Binding {
  key: string;
  command: string;
  when: string;
}

const ourKeys = /^(shift\+alt\+enter|ctrl\+alt\+enter|ctrl\+shift\+alt\+enter|shift\+alt\+x)/;

/** Contexts that exclude `editorTextFocus && editorLangId == python && !findWidgetVisible`. */
const isElsewhere = /inQuickInput|inChat|chatInputHasText|chatHasTool|findWidgetVisible|searchViewletVisible|accessibleView|terminalHasBeenCreated|agentSessions/;

function isOurs({ key, command }: Binding): boolean {
  return ourKeys.test(key) && !command.startsWith("rdit.");
}

/** VS Code's own list of its default keys, which is JSON with comments, by way of the clipboard. */
async function defaultKeys(window: Workbench): Promise<Binding[]> {
  await window.command("Preferences: Open Default Keyboard Shortcuts (JSON)");
  await window.page.locator(".tab.active", { hasText: "Default Keybindings" }).waitFor();
  await window.seesLine("the list", (lines) => lines.some((line) => line.text.includes('"command"')));
  await window.press("Control+a", "Control+c");
  const text = await window.page.evaluate(() => navigator.clipboard.readText());
  await window.press("Control+F4");
  const entries = text.matchAll(/"key": "([^"]+)",\s*"command": "([^"]+)"(?:,\s*"when": "([^"]*)")?/g);
  return [...entries].map(([, key = "", command = "", when = ""]) => ({ key, command, when }));
}
