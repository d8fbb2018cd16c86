/**
 * Complete results as the parts of the output panel's page: HTML in which nothing of the program's can act.
 *
 * Pure: knows neither VS Code nor the server. What a program printed is escaped here,
 * its Markdown by the renderer.
 */

import type { Metadata, OutputItem, StatementResult } from "../protocol";
import { ansiToHtml, escapeHtml } from "./ansi";
import { drawnLook, duration } from "./decorations";
import { longestMarkdown, markdownToHtml } from "./markdown";
import type { Section } from "./panelPage";
import { placeLink, tracebackHtml } from "./traceback";

export interface SectionOptions {
  /** The document, as a URI. */
  uri: string;
  /** The text of a line of the document, from 1. */
  lineText: (line: number) => string;
  /** Whether `text/html` is shown as such, in a frame without scripts and without network. */
  allowHtml: boolean;
  /** Whether scripts in it run, and load from the network what they name. */
  allowScripts: boolean;
  /** Whether the editor's theme is a dark one. */
  isDark: boolean;
}

export interface BarOptions {
  /** The document's name, for the heading. */
  title: string;
  /** Whether the page shows the whole document, not one statement. */
  isWholeDocument: boolean;
  /** Whether the page stays where it is when the cursor moves. */
  isPinned: boolean;
}

/** Past this much text a page gets slow; the rest is one click away as text. */
const longestStream = 500_000;

/** Whether there is something to see; what a call that draws returns is none where its figure is shown elsewhere. */
export function hasOutput(result: StatementResult): boolean {
  return result.note !== undefined || result.output.some((item) => !isByTheWay(item));
}

/** Whether it has a figure or a table, of which a mark shows nothing. Data may have been left out, and is named then. */
export function hasFigureOrTable(result: StatementResult): boolean {
  return result.output.some((item) => {
    if (item.type !== "result" && item.type !== "display") return false;
    const mimes = [...Object.keys(item.data), ...Object.keys(item.metadata?.rdit?.leftOut ?? {})];
    return mimes.some((mime) => mime.startsWith("image/") || mime === "text/html");
  });
}

/** The sections of the results that have something to show, or may soon: they are running. */
export function sectionsOf(results: StatementResult[], options: SectionOptions): Section[] {
  const shown = results.filter((result) => hasOutput(result) || result.status === "running");
  return shown.map((result) => ({
    title: titleOf(result, options),
    lineStart: result.lineStart,
    lineEnd: result.lineEnd,
    look: drawnLook(result),
    head: headHtml(result, options),
    body: bodyHtml(result, options),
  }));
}

/**
 * What is drawn while statements run that have put out nothing yet: what was there before.
 *
 * An empty page for the moment of a run would make the page jump, and pictures flicker.
 */
export function heldOver(sections: Section[], before: (Section | undefined)[]): Section[] {
  return sections.map((section) => {
    if (section.look !== "running" || section.body !== "") return section;
    const last = before.find((each) => each?.title === section.title);
    return last ? { ...section, body: last.body } : section;
  });
}

/** The same results as plain text, for reading, searching and copying in an editor. */
export function panelText(results: StatementResult[]): string {
  const shown = results.filter(hasOutput);
  return shown.map((result) => [`# ${heading(result)}`, ...result.output.map(itemText), result.note ?? []].flat().join("\n")).join("\n\n");
}

/** The bar at the top: what is shown, and the links to what else there is. */
export function barHtml(options: BarOptions): string {
  const link = (command: string, text: string, isCurrent = false) =>
    isCurrent ? `<a aria-current="true">${text}</a>` : `<a href="command:${command}">${text}</a>`;
  return `<nav>
${link("rdit.showStatementOutputs", "Statement", !options.isWholeDocument)}
${link("rdit.showAllOutputs", "Whole file", options.isWholeDocument)}
${link("rdit.pinOutputs", options.isPinned ? "Unpin" : "Pin")}
${link("rdit.openOutputsAsText", "As text")}
</nav><strong>${escapeHtml(options.title)}</strong>${options.isPinned ? " · pinned" : ""}`;
}

function isByTheWay(item: OutputItem): boolean {
  return (item.type === "result" || item.type === "display") && item.metadata?.rdit?.part === false;
}

function titleOf(result: StatementResult, options: SectionOptions): string {
  return options.lineText(result.lineStart).trim() || `Line ${result.lineStart}`;
}

function headHtml(result: StatementResult, options: SectionOptions): string {
  const link = placeLink(options.uri, result.lineStart, escapeHtml(linesText(result)));
  const words = [link, ...outcomeWords(result).map(escapeHtml)].join(" · ");
  return `<code>${escapeHtml(titleOf(result, options))}</code><span>${words}</span>`;
}

function bodyHtml(result: StatementResult, options: SectionOptions): string {
  const reason = result.stale && result.staleReason ? noteHtml(`Stale: ${result.staleReason}`) : "";
  const items = result.output.filter((item) => !isByTheWay(item)).map((item) => itemHtml(item, options));
  return `${reason}${items.join("\n")}${result.note === undefined ? "" : noteHtml(result.note)}`;
}

/** How a statement ended, without what its look says already: that it ended well. */
function outcomeWords(result: StatementResult): string[] {
  const outcome = result.status === "notRun" ? "not run" : result.status;
  const code = result.exitCode === undefined ? "" : ` (exit code ${result.exitCode})`;
  return [
    result.status === "ok" ? "" : `${outcome}${code}`,
    result.restored ? "restored" : "",
    result.look === "outOfOrder" ? "out of order" : result.stale ? "stale" : "",
    result.durationMs === null ? "" : duration(result.durationMs),
  ].filter((word) => word !== "");
}

function linesText({ lineStart, lineEnd }: StatementResult): string {
  return lineStart === lineEnd ? `line ${lineStart}` : `lines ${lineStart}–${lineEnd}`;
}

function heading(result: StatementResult): string {
  const words = [linesText(result), ...outcomeWords(result)].join(" · ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function itemHtml(item: OutputItem, options: SectionOptions): string {
  switch (item.type) {
    case "stdout":
    case "stderr":
      return streamHtml(item.text, item.type, item.path);
    case "error":
      return `<pre class="failure">${tracebackHtml(item, options.uri)}</pre>`;
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

function richHtml(text: string, data: Record<string, unknown>, metadata: Metadata, options: SectionOptions): string {
  const needs = metadata.rdit?.needs;
  // That a package is missing is said with a link, where there is neither chart nor picture.
  const notes = (metadata.rdit?.notes ?? []).filter((note) => needs === undefined || !note.includes(needs)).map((note) => noteHtml(sentence(note))).join("");
  return `${shownHtml(text, data, metadata, options)}${notes}`;
}

function shownHtml(text: string, data: Record<string, unknown>, metadata: Metadata, options: SectionOptions): string {
  const html = joined(data["text/html"]);
  const runs = html !== undefined && options.allowHtml && options.allowScripts;
  if (runs && /<script\b/i.test(html)) return chartHtml(html, metadata.rdit?.script);
  const markdown = joined(data["text/markdown"]);
  if (markdown !== undefined && markdown.length <= longestMarkdown) return `<div class="prose">${markdownToHtml(markdown)}</div>`;
  const image = imageHtml(data, metadata, text);
  if (image) return image;
  const saysSomething = html !== undefined && hasText(html);
  if (saysSomething && options.allowHtml) return frameHtml(html, "allow-same-origin", options.isDark ? "dark" : "light");
  const pretty = metadata.rdit?.pretty;
  const plain = pretty ?? joined(data["text/plain"]) ?? markdown ?? text;
  const note = plain !== "" || html === undefined ? "" : noteHtml("HTML; allow it with the setting “rdit.allowHtml”.");
  const drawn = html === undefined || saysSomething ? "" : waysToDraw(metadata.rdit?.needs, options);
  return `${note}<pre${pretty === undefined ? "" : ' class="pretty"'}>${ansiToHtml(plain)}</pre>${drawn}`;
}

/** What would show a chart that is drawn by scripts. */
function waysToDraw(needs: string | undefined, { uri }: SectionOptions): string {
  const link = (command: string, args: string[], text: string) =>
    `<a href="command:${command}?${escapeHtml(encodeURIComponent(JSON.stringify(args)))}">${escapeHtml(text)}</a>`;
  const scripts = `Interactive: ${link("workbench.action.openSettings", ["rdit.allowScripts"], "allow scripts")}`;
  const picture = needs === undefined ? "" : ` · As a picture: ${link("rdit.installPackage", [uri, needs], `install ${needs}`)}`;
  return `<p class="note">${scripts}${picture}</p>`;
}

/** What the package of a chart loads from the network, although it has it, too. */
const remoteLibrary = /<script\b[^>]*\bsrc="https:\/\/cdn\.plot\.ly\/[^"]*"[^>]*>\s*<\/script>/gi;

/** A chart's frame. With a library of its own the page puts its scripts before `html`: once sent, they do for all. */
function chartHtml(html: string, library: string | undefined): string {
  const rest = html.replace(remoteLibrary, "");
  if (library === undefined || rest === html) return frameHtml(html, "allow-scripts", "");
  return `<iframe sandbox="allow-scripts" class="drawn" data-library="${escapeHtml(library)}" data-html="${escapeHtml(rest)}"></iframe>`;
}

/** The files of scripts that charts among the results are drawn with. */
export function librariesOf(results: StatementResult[]): string[] {
  const items = results.flatMap((result) => result.output);
  const found = items.map((item) => ("metadata" in item ? item.metadata?.rdit?.script : undefined));
  // A program can name any file: only what is called as the library is read.
  return [...new Set(found.filter((file) => file !== undefined && /[\\/]plotly\.min\.js$/.test(file)))] as string[];
}

/** A note of the server's, which is a clause, by itself. */
function sentence(note: string): string {
  return `${note.charAt(0).toUpperCase()}${note.slice(1)}${/[.!?…]$/.test(note) ? "" : "."}`;
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
 * `sandbox` takes scripts, forms and pop-ups away. Where scripts run, they have no origin; where none can, the
 * frame is of the page's origin, so that the page can measure how high it is. Never both.
 *
 * In a colour scheme, what has no colours of its own looks as the panel does. A chart that scripts draw is
 * left what browsers give it.
 */
function frameHtml(html: string, sandbox: "allow-same-origin" | "allow-scripts", scheme: "" | "light" | "dark"): string {
  // Wide tables scroll sideways by themselves, so that the frame's height is that of all rows.
  const text = scheme === "" ? html : `<style>${frameStyle(scheme)}</style><div class="rdit">${html}</div>`;
  const look = scheme === "" ? ' class="drawn"' : ` class="plain" style="color-scheme: ${scheme}"`;
  return `<iframe sandbox="${sandbox}"${look} srcdoc="${escapeHtml(text)}"></iframe>`;
}

/** Browsers take a frame's background away where its scheme is that of the page around it. */
function frameStyle(scheme: "light" | "dark"): string {
  const [text, line] = scheme === "dark" ? ["#ccc", "#444"] : ["#333", "#ddd"];
  return `:root { color-scheme: ${scheme}; color: ${text}; font: 13px system-ui, sans-serif; }
body { margin: 0; } .rdit { overflow-x: auto; padding: .4em 0; }
.rdit::-webkit-scrollbar { height: 10px; } .rdit::-webkit-scrollbar-thumb { background: ${line}; }
table { border: 0; border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { border: 0; border-bottom: 1px solid ${line}; padding: .25em .8em; text-align: right; white-space: nowrap; }
thead th { border-bottom-width: 2px; }`;
}

/** Jupyter allows a MIME bundle's texts to be lists of lines. */
function joined(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  return Array.isArray(value) && value.every((part) => typeof part === "string") ? value.join("") : undefined;
}

function itemText(item: OutputItem): string {
  return item.text.trimEnd();
}
