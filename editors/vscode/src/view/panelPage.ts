/**
 * The output panel's page before anything is in it: what it may do, how it looks, and the frame's messages.
 *
 * Pure: knows neither VS Code nor results. `src/page/page.ts` runs in it and fills it in.
 */

import { escapeHtml } from "./ansi";

/** One statement's part of the page. */
export interface Section {
  /** Its first line of code. */
  title: string;
  /** 1-based, both included. */
  lineStart: number;
  lineEnd: number;
  /** The CSS class for its look. */
  look: string;
  /** HTML: the title, its line, how it ended. */
  head: string;
  /** HTML: what it put out. */
  body: string;
}

/** Fill in the page: a section that is null is as it was. */
export interface ShowMessage {
  type: "show";
  /** HTML of the bar at the top. */
  bar: string;
  /** A sentence in place of sections; empty where there are some. */
  sentence: string;
  sections: (Section | null)[];
  /** Whether it is another document, or another part of it, than before. */
  isElsewhere: boolean;
}

/** Mark the section at this line, and bring it into view; null: mark none. */
export interface RevealMessage {
  type: "reveal";
  line: number | null;
}

/** The scripts that charts are drawn with: those whose frames name this file. Sent once to each page. */
export interface LibraryMessage {
  type: "library";
  file: string;
  text: string;
}

export type ToPage = ShowMessage | RevealMessage | LibraryMessage;

/** The page's script runs, and knows nothing yet. */
export interface FromPage {
  type: "ready";
}

export interface PageOptions {
  /** Address of `dist/page.js`. */
  script: string;
  /** Lets the page's own script run, and no other. */
  nonce: string;
  /** Whether scripts in HTML from programs run, and load from the network what they name. */
  allowScripts: boolean;
}

/** `default-src 'none'` also binds the frames: HTML from a program runs nothing, and loads nothing from anywhere. */
function quietPolicy(nonce: string): string {
  return `default-src 'none'; style-src 'unsafe-inline'; img-src data:; script-src 'nonce-${nonce}';`;
}

/** What interactive charts need, in frames without an origin; a nonce would forbid their inline scripts. */
const scriptPolicy =
  "default-src 'none'; style-src 'unsafe-inline' https:; img-src data: blob: https:; font-src data: https:; " +
  "script-src 'unsafe-inline' 'unsafe-eval' blob: https:; worker-src blob:; connect-src data: https:;";

const style = `
  body { color: var(--vscode-editor-foreground); font-family: var(--vscode-font-family); padding: 0 1em 1em; }
  header { position: sticky; top: 0; z-index: 1; padding: .6em 0; background: var(--vscode-editor-background);
    border-bottom: 1px solid var(--vscode-panel-border); }
  nav { float: right; }
  nav a { margin-left: 1em; }
  a:not([href]) { color: inherit; font-weight: bold; text-decoration: none; }
  pre, code { font-family: var(--vscode-editor-font-family); font-size: var(--vscode-editor-font-size); }
  pre { white-space: pre-wrap; overflow-wrap: anywhere; margin: .4em 0; }
  pre.failure, pre.pretty { white-space: pre; overflow-x: auto; }
  section { margin: 1em 0; padding-left: .8em; border-left: 3px solid var(--vscode-rdit-freshForeground);
    scroll-margin: 3.5em 0 1em; }
  section.stale { border-color: var(--vscode-rdit-staleForeground); border-left-style: dashed; }
  section.restored { border-color: var(--vscode-rdit-restoredForeground); }
  section.outOfOrder { border-color: var(--vscode-rdit-outOfOrderForeground); }
  section.running { border-color: var(--vscode-rdit-runningForeground); border-left-style: dotted; }
  section.error { border-color: var(--vscode-rdit-errorForeground); border-left-style: double; }
  section.stopped { border-color: var(--vscode-rdit-stoppedForeground); border-left-style: double; }
  section.notRun { border-color: var(--vscode-rdit-notRunForeground); border-left-style: dotted; }
  section.current { background: var(--vscode-editor-lineHighlightBackground, transparent);
    outline: 1px solid var(--vscode-editor-lineHighlightBorder, transparent); }
  section h2 { display: flex; gap: 1em; align-items: baseline; font-size: 1em; font-weight: normal; margin: 0 0 .3em; }
  section h2 code { flex: 0 1 auto; overflow: hidden; text-overflow: ellipsis; white-space: pre; color: inherit; }
  section h2 span { flex: none; opacity: .8; }
  section h2 a { color: inherit; }
  .failure { color: var(--vscode-rdit-errorForeground); }
  .failure a { color: inherit; text-decoration: underline; }
  .stderr { border-left: 2px solid var(--vscode-panel-border); padding-left: .6em; opacity: .85; }
  .note { font-style: italic; opacity: .8; }
  img { max-width: 100%; background: white; }
  .prose > * { margin: .4em 0; }
  .prose blockquote { padding: .4em .8em; }
  .prose blockquote > * { margin: 0; }
  .prose table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
  .prose th, .prose td { padding: .2em .8em; border-bottom: 1px solid var(--vscode-panel-border); text-align: left; }
  .prose pre { padding: .4em .8em; background: var(--vscode-textCodeBlock-background); }
  iframe { display: block; width: 100%; height: 24em; border: 0; background: white; }
  iframe.plain { background: transparent; height: 6em; }
  iframe.drawn { resize: vertical; }
`;

export function panelPage(options: PageOptions): string {
  const policy = options.allowScripts ? scriptPolicy : quietPolicy(options.nonce);
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<title>rdit outputs</title>
<style>${style}</style>
</head>
<body>
<header></header>
<main></main>
<script nonce="${options.nonce}" src="${escapeHtml(options.script)}"></script>
</body>
</html>`;
}
