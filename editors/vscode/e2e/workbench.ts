/** VS Code's window as a person sees and uses it: keys, clicks, and what is on the screen. */

import { type Browser, chromium, type Page } from "playwright-core";

/** A line of the editor with what the extension painted behind it. */
export interface ScreenLine {
  text: string;
  mark: string;
  colour: string;
}

const patience = 30_000;

export class Workbench {
  private constructor(
    private readonly browser: Browser,
    readonly page: Page,
  ) {}

  static async open(url: string, viewport = { width: 1280, height: 800 }): Promise<Workbench> {
    const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu"] });
    const context = await browser.newContext({ viewport });
    await context.grantPermissions(["clipboard-read", "clipboard-write"]);
    const page = await context.newPage();
    page.setDefaultTimeout(patience);
    await page.goto(url);
    await page.waitForSelector(".monaco-editor .view-line", { timeout: 90_000 });
    return new Workbench(browser, page);
  }

  async close(): Promise<void> {
    await this.browser.close();
  }

  /** Open another file of the folder through Quick Open. */
  async openFile(name: string): Promise<void> {
    await this.page.keyboard.press("Control+p");
    const input = this.page.locator(".quick-input-widget input[type=text]");
    await input.fill(name);
    await this.page.locator(".quick-input-list .monaco-list-row.focused", { hasText: name }).waitFor();
    await this.page.keyboard.press("Enter");
    await this.page.locator(".tab.active", { hasText: name }).waitFor();
    await this.focusEditor();
  }

  /** Click on a file in the Explorer, which opens it as a preview. */
  async clickFile(name: string): Promise<void> {
    await this.page.locator(".explorer-folders-view .monaco-list-row", { hasText: name }).click();
    await this.page.locator(".tab.active", { hasText: name }).waitFor();
  }

  async focusEditor(): Promise<void> {
    // By the command, not by a click: a click would also move the cursor.
    await this.page.keyboard.press("Control+1");
    await this.page.waitForSelector(".monaco-editor.focused");
  }

  /** Put the cursor at the start of a 1-based line. */
  async goTo(line: number): Promise<void> {
    await this.page.keyboard.press("Control+g");
    const input = this.page.locator(".quick-input-widget input[type=text]");
    await input.waitFor();
    await input.fill(`:${line}`);
    await this.page.keyboard.press("Enter");
    await this.cursorIsOn(line);
    await this.page.waitForSelector(".monaco-editor.focused");
  }

  async cursorIsOn(line: number): Promise<void> {
    await this.page.locator("#status\\.editor\\.selection", { hasText: `Ln ${line},` }).waitFor();
  }

  /** Run a command of the palette by its exact title. */
  async command(title: string): Promise<void> {
    await this.page.keyboard.press("F1");
    await this.page.locator(".quick-input-widget input[type=text]").fill(`>${title}`);
    const row = this.page.locator(".quick-input-list .monaco-list-row", { hasText: title }).first();
    await row.waitFor();
    await row.click();
  }

  /** Wait until a text is on the clipboard. */
  async clipboardHolds(text: string | RegExp): Promise<void> {
    const end = Date.now() + patience;
    let held = "";
    while (Date.now() < end) {
      held = await this.page.evaluate(() => navigator.clipboard.readText());
      if (typeof text === "string" ? held === text : text.test(held)) return;
      // No event tells of the clipboard: look again.
      await this.page.waitForTimeout(50);
    }
    throw new Error(`the clipboard never held ${String(text)}; it holds ${held}`);
  }

  async press(...keys: string[]): Promise<void> {
    for (const key of keys) await this.page.keyboard.press(key);
  }

  /** The lines in view. What is painted is CSS (`::before`, `::after`), which no text search of the page finds. */
  async lines(): Promise<ScreenLine[]> {
    return this.page.evaluate(readLines);
  }

  /** Wait until the line with `code` in it carries a mark that matches. */
  async seesMark(code: string, mark: RegExp): Promise<void> {
    await this.seesLine(`${code} with a mark like ${String(mark)}`, (lines) =>
      lines.some((line) => line.text.includes(code) && mark.test(line.mark)),
    );
  }

  /** Undo step by step until a line reads as it should: VS Code decides what one step is. */
  async undoUntil(code: string): Promise<void> {
    for (let step = 0; step < 10; step++) {
      const before = textOf(await this.lines());
      if (before.some((text) => text.trimEnd() === code)) return;
      await this.press("Control+z");
      await this.seesLine("an undone edit", (lines) => textOf(lines).join("\n") !== before.join("\n"));
    }
    throw new Error(`undo did not bring back: ${code}`);
  }

  async seesNoMark(code: string): Promise<void> {
    await this.seesLine(`${code} without a mark`, (lines) => lines.some((line) => line.text.includes(code) && line.mark === ""));
  }

  async seesLine(what: string, isSo: (lines: ScreenLine[]) => boolean): Promise<void> {
    const end = Date.now() + patience;
    let lines: ScreenLine[] = [];
    while (Date.now() < end) {
      lines = await this.lines();
      if (isSo(lines)) return;
      // Decorations are styles, which no observer of the page reports: look again.
      await this.page.waitForTimeout(50);
    }
    const screen = lines.map((line) => `${line.text}   ${line.mark}`).join("\n");
    throw new Error(`never on the screen: ${what}. The screen:\n${screen}`);
  }

  async colourOf(code: string): Promise<string> {
    return (await this.lines()).find((line) => line.text.includes(code))?.colour ?? "";
  }

  /** The colours that the theme has for the looks, as CSS computes them. */
  async colours(): Promise<Record<string, string>> {
    return this.page.evaluate(() => {
      const workbench = document.querySelector(".monaco-workbench");
      const probe = workbench?.appendChild(document.createElement("span"));
      if (!probe) throw new Error("there is no workbench");
      const colours: Record<string, string> = {};
      for (const look of ["fresh", "restored", "stale", "outOfOrder", "running", "error", "stopped", "notRun"]) {
        probe.style.color = `var(--vscode-rdit-${look}Foreground)`;
        colours[look] = getComputedStyle(probe).color;
      }
      probe.remove();
      return colours;
    });
  }

  async statusBarSays(text: RegExp): Promise<void> {
    await this.page.locator(".statusbar-item[id*='rdit.status']", { hasText: text }).waitFor();
  }

  /** Wait for a message in the status bar, which is gone again after a while. */
  async statusBarTells(text: RegExp): Promise<void> {
    await this.page.locator(".statusbar-item", { hasText: text }).first().waitFor();
  }

  /** Type the answer to an input box that asks for it. */
  async answers(prompt: string, text: string): Promise<void> {
    await this.page.locator(".quick-input-widget", { hasText: prompt }).locator("input[type=text]").waitFor();
    await this.page.keyboard.type(text);
    await this.press("Enter");
  }

  /** Choose an entry of the list that is open. */
  async picks(entry: RegExp): Promise<void> {
    await this.page.locator(".quick-input-list .monaco-list-row", { hasText: entry }).first().click();
  }

  /** The text of the output panel's page, which is a frame in a frame in a frame. */
  async panelSays(text: string | RegExp): Promise<void> {
    await this.panel().getByText(text).first().waitFor();
  }

  panel() {
    return this.page.frameLocator("iframe.webview.ready").frameLocator("iframe#active-frame");
  }

  /** Follow a link of the bar, and go back to the editor once VS Code knows that the panel had the focus. */
  async clickInPanel(text: string): Promise<void> {
    await this.panel().locator("nav").getByText(text, { exact: true }).click();
    await this.page.locator(".editor-group-container.active .tab", { hasText: "rdit outputs" }).waitFor();
    await this.focusEditor();
  }

  async closePanel(): Promise<void> {
    await this.closeTab("rdit outputs");
    await this.focusEditor();
  }

  async closeTab(name: string): Promise<void> {
    const tab = this.page.locator(".tab", { hasText: name });
    await tab.click({ button: "middle" });
    await tab.waitFor({ state: "detached" });
  }

  async screenshot(file: string): Promise<void> {
    await this.page.screenshot({ path: file });
  }
}

function textOf(lines: ScreenLine[]): string[] {
  return lines.map((line) => line.text);
}

/** Runs in the page. */
function readLines(): ScreenLine[] {
  const plain = (text: string) => text.replaceAll("\u00a0", " ");
  const contentOf = (element: Element, place: string) => {
    const value = getComputedStyle(element, place).content;
    return value === "none" || value === "normal" ? "" : value.replace(/^"|"$/g, "").replaceAll('\\"', '"').replaceAll("\\\\", "\\");
  };
  const content = (element: Element) => ["::before", "::after"].map((place) => contentOf(element, place)).join("");
  return [...document.querySelectorAll(".editor-instance .view-line")].map((line) => {
    const painted = [...line.querySelectorAll("span")].filter((span) => content(span) !== "");
    return {
      text: plain(line.textContent ?? ""),
      mark: plain(painted.map(content).join("")),
      colour: painted[0] ? getComputedStyle(painted[0], contentOf(painted[0], "::before") === "" ? "::after" : "::before").color : "",
    };
  });
}
