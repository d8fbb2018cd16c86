/**
 * The output panel's page: complete results as HTML that runs no script and asks no network.
 *
 * Pure: knows neither VS Code nor the server. What a program printed is escaped here,
 * its Markdown by the renderer.
 */

import type { Metadata, OutputItem, StatementResult } from "../protocol";
import { ansiToHtml, escapeHtml } from "./ansi";
import { drawnLook, duration } from "./decorations";
import { longestMarkdown, markdownToHtml } from "./markdown";

export interface PanelOptions {
  /** The document's name, for the heading. */
  title: string;
  /** Whether the page shows the whole document, not the statement at the cursor. */
  isWholeDocument: boolean;
  /** Whether `text/html` is shown as such, in a frame without scripts and without network. */
  allowHtml: boolean;
  /** Whether scripts in it run, and load from the network what they name. */
  allowScripts: boolean;
  /** Whether the editor's theme is a dark one. */
  isDark: boolean;
  /** Why there are no results, as a sentence. */
  problem?: string | undefined;
}

/** `default-src 'none'` also binds the frames: HTML from a program loads nothing from anywhere. */
const quietPolicy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:;";

/** What interactive charts need. The page itself has no script in it, allowed or not. */
const scriptPolicy =
  "default-src 'none'; style-src 'unsafe-inline' https:; img-src data: blob: https:; font-src data: https:; " +
  "script-src 'unsafe-inline' 'unsafe-eval' blob: https:; worker-src blob:; connect-src data: https:;";

/** Past this much text a page without scripts gets slow; the rest is one click away as text. */
const longestStream = 500_000;

const style = `
  body { color: var(--vscode-editor-foreground); font-family: var(--vscode-font-family); padding: 0 1em 1em; }
  header { position: sticky; top: 0; padding: .6em 0; background: var(--vscode-editor-background);
    border-bottom: 1px solid var(--vscode-panel-border); }
  nav { float: right; }
  nav a + a { margin-left: 1em; }
  a:not([href]) { color: inherit; font-weight: bold; text-decoration: none; }
  pre { font-family: var(--vscode-editor-font-family); font-size: var(--vscode-editor-font-size);
    white-space: pre-wrap; overflow-wrap: anywhere; margin: .4em 0; }
  section { margin: 1em 0; padding-left: .8em; border-left: 3px solid var(--vscode-rdit-freshForeground); }
  section.stale { border-color: var(--vscode-rdit-staleForeground); border-left-style: dashed; }
  section.outOfOrder { border-color: var(--vscode-rdit-outOfOrderForeground); }
  section.running { border-color: var(--vscode-rdit-runningForeground); border-left-style: dotted; }
  section.error { border-color: var(--vscode-rdit-errorForeground); border-left-style: double; }
  section.stopped { border-color: var(--vscode-rdit-stoppedForeground); border-left-style: double; }
  section.notRun { border-color: var(--vscode-rdit-notRunForeground); border-left-style: dotted; }
  section > h2 { font-size: 1em; font-weight: normal; opacity: .8; margin: 0; }
  .stderr, .failure { color: var(--vscode-rdit-errorForeground); }
  .note { font-style: italic; opacity: .8; }
  img { max-width: 100%; background: white; }
  .prose > * { margin: .4em 0; }
  .prose blockquote { padding: .4em .8em; }
  .prose blockquote > * { margin: 0; }
  .prose table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
  .prose th, .prose td { padding: .2em .8em; border-bottom: 1px solid var(--vscode-panel-border); text-align: left; }
  .prose pre { padding: .4em .8em; background: var(--vscode-textCodeBlock-background); }
  iframe { width: 100%; height: 24em; resize: vertical; border: 0; background: white; }
  iframe.plain { background: transparent; }
`;

export function panelHtml(results: StatementResult[], options: PanelOptions): string {
  const shown = results.filter((result) => result.output.length > 0 || result.note !== undefined);
  const sections = shown.map((result) => section(result, options));
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${options.allowHtml && options.allowScripts ? scriptPolicy : quietPolicy}">
<title>${escapeHtml(options.title)}</title>
<style>${style}</style>
</head>
<body>
${header(options)}
<main>
${sections.length > 0 ? sections.join("\n") : `<p class="note">${emptySentence(results, options)}</p>`}
</main>
</body>
</html>`;
}

/** The same results as plain text, for reading, searching and copying in an editor. */
export function panelText(results: StatementResult[]): string {
  const shown = results.filter((result) => result.output.length > 0 || result.note !== undefined);
  return shown.map((result) => [`# ${heading(result)}`, ...result.output.map(itemText), result.note ?? []].flat().join("\n")).join("\n\n");
}

function header(options: PanelOptions): string {
  const link = (command: string, text: string, isCurrent: boolean) =>
    isCurrent ? `<a aria-current="true">${text}</a>` : `<a href="command:${command}">${text}</a>`;
  return `<header><nav>
${link("rdit.showStatementOutputs", "Statement", !options.isWholeDocument)}
${link("rdit.showAllOutputs", "Whole file", options.isWholeDocument)}
${link("rdit.openOutputsAsText", "As text", false)}
</nav><strong>${escapeHtml(options.title)}</strong></header>`;
}

function emptySentence(results: StatementResult[], options: PanelOptions): string {
  if (options.problem !== undefined) return escapeHtml(options.problem);
  if (options.isWholeDocument) return "No output yet.";
  const [result] = results;
  return result ? `${escapeHtml(heading(result))}: no output.` : "No output.";
}

function section(result: StatementResult, options: PanelOptions): string {
  const reason = result.stale && result.staleReason ? `<p class="note">Stale: ${escapeHtml(result.staleReason)}</p>` : "";
  const items = result.output.map((item) => itemHtml(item, options)).join("\n");
  const note = result.note === undefined ? "" : noteHtml(result.note);
  return `<section class="${drawnLook(result)}"><h2>${escapeHtml(heading(result))}</h2>${reason}\n${items}${note}</section>`;
}

function heading(result: StatementResult): string {
  const isOneLine = result.lineStart === result.lineEnd;
  const lines = isOneLine ? `Line ${result.lineStart}` : `Lines ${result.lineStart}–${result.lineEnd}`;
  const outcome = result.status === "notRun" ? "not run" : result.status;
  const code = result.exitCode === undefined ? "" : ` (exit code ${result.exitCode})`;
  const time = result.durationMs === null ? "" : ` · ${duration(result.durationMs)}`;
  return `${lines} · ${outcome}${code}${result.stale ? " · stale" : ""}${time}`;
}

function itemHtml(item: OutputItem, options: PanelOptions): string {
  switch (item.type) {
    case "stdout":
    case "stderr":
      return streamHtml(item.text, item.type, item.path);
    case "error":
      return `<pre class="failure">${ansiToHtml(item.text)}</pre>`;
    default:
      return richHtml(item.text, item.data, item.metadata ?? {}, options);
  }
}

function streamHtml(text: string, name: "stdout" | "stderr", path: string | undefined): string {
  const left = text.length - longestStream;
  const elsewhere = path === undefined ? "choose “As text” to read all." : `all of it is in ${escapeHtml(path)}`;
  const note = `<p class="note">${left} characters before this are not shown here; ${elsewhere}</p>`;
  return `${left > 0 ? note : ""}<pre class="${name}">${ansiToHtml(left > 0 ? text.slice(left) : text)}</pre>`;
}

function richHtml(text: string, data: Record<string, unknown>, metadata: Metadata, options: PanelOptions): string {
  const notes = (metadata.rdit?.notes ?? []).map(noteHtml).join("");
  return `${shownHtml(text, data, metadata, options)}${notes}`;
}

function shownHtml(text: string, data: Record<string, unknown>, metadata: Metadata, options: PanelOptions): string {
  const html = joined(data["text/html"]);
  const runs = html !== undefined && options.allowHtml && options.allowScripts;
  if (runs && /<script\b/i.test(html)) return frameHtml(html, "allow-scripts", "");
  const markdown = joined(data["text/markdown"]);
  if (markdown !== undefined && markdown.length <= longestMarkdown) return `<div class="prose">${markdownToHtml(markdown)}</div>`;
  const image = imageHtml(data, metadata, text);
  if (image) return image;
  const saysSomething = html !== undefined && hasText(html);
  if (saysSomething && options.allowHtml) return frameHtml(html, "", options.isDark ? "dark" : "light");
  const plain = metadata.rdit?.pretty ?? joined(data["text/plain"]) ?? markdown ?? text;
  const note = plain !== "" || html === undefined ? "" : noteHtml("HTML; allow it with the setting “rdit.allowHtml”.");
  const drawn = html === undefined || saysSomething ? "" : noteHtml("It is drawn by scripts; allow them with the setting “rdit.allowScripts”.");
  return `${note}<pre>${ansiToHtml(plain)}</pre>${drawn}`;
}

function noteHtml(sentence: string): string {
  return `<p class="note">${escapeHtml(sentence)}</p>`;
}

/** Whether there is anything to see without running scripts: interactive charts are empty without. */
function hasText(html: string): boolean {
  const visible = html.replace(/<(script|style|template)\b[^]*?(<\/\1\s*>|$)/gi, "").replace(/<!--[^]*?-->/g, "");
  return /<(img|svg|table)\b/i.test(visible) || /\S/.test(visible.replace(/<[^>]*>/g, ""));
}

/** SVG is shown as an image, which browsers give no scripts and no network. */
function imageHtml(data: Record<string, unknown>, metadata: Metadata, text: string): string | undefined {
  for (const mime of ["image/png", "image/jpeg", "image/gif", "image/webp"]) {
    const base64 = joined(data[mime])?.replace(/\s/g, "");
    // Anything else than base64 would be a way out of the attribute.
    if (base64 !== undefined && /^[A-Za-z0-9+/]+=*$/.test(base64)) return picture(mime, base64, metadata, text);
  }
  const svg = joined(data["image/svg+xml"]);
  return svg === undefined ? undefined : picture("image/svg+xml", Buffer.from(svg, "utf8").toString("base64"), metadata, text);
}

function picture(mime: string, base64: string, metadata: Metadata, text: string): string {
  const { width } = (metadata[mime] ?? {}) as { width?: unknown };
  // A picture for a sharp screen has more pixels than it is to be wide.
  const size = typeof width === "number" && Number.isSafeInteger(width) ? ` width="${width}"` : "";
  return `<p><img alt="${escapeHtml(text)}" src="data:${mime};base64,${base64}"${size}></p>`;
}

/**
 * An empty `sandbox` takes scripts, forms, pop-ups and the origin away; with scripts, the rest stays away.
 *
 * In a colour scheme, what has no colours of its own looks as the panel does. A chart that scripts draw is
 * left what browsers give it.
 */
function frameHtml(html: string, sandbox: "" | "allow-scripts", scheme: "" | "light" | "dark"): string {
  const text = scheme === "" ? html : `<style>${frameStyle(scheme)}</style>${html}`;
  const look = scheme === "" ? "" : ` class="plain" style="color-scheme: ${scheme}; height: ${heightOf(html)}em"`;
  return `<iframe sandbox="${sandbox}"${look} srcdoc="${escapeHtml(text)}"></iframe>`;
}

/** A frame without scripts cannot tell how high it would be; the rows of its tables can. */
function heightOf(html: string): number {
  const rows = html.match(/<tr\b/gi)?.length ?? 0;
  return rows === 0 ? 24 : Math.min(24, Math.round(rows * 1.75) + 3);
}

/** Browsers take a frame's background away where its scheme is that of the page around it. */
function frameStyle(scheme: "light" | "dark"): string {
  const [text, line] = scheme === "dark" ? ["#ccc", "#444"] : ["#333", "#ddd"];
  return `:root { color-scheme: ${scheme}; color: ${text}; font: 13px system-ui, sans-serif; }
body { margin: .4em 0; } table { border: 0; border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { border: 0; border-bottom: 1px solid ${line}; padding: .25em .8em; text-align: right; }`;
}

/** Jupyter allows a MIME bundle's texts to be lists of lines. */
function joined(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  return Array.isArray(value) && value.every((part) => typeof part === "string") ? value.join("") : undefined;
}

function itemText(item: OutputItem): string {
  return item.text.trimEnd();
}
