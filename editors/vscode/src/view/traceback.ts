/**
 * A traceback whose places are links.
 *
 * Pure: knows neither VS Code nor the server.
 */

import type { ErrorOutput } from "../protocol";
import { ansiToHtml, escapeHtml } from "./ansi";

/** A line of a traceback that names a place; within exception groups it is indented by bars. */
const place = /^([ |+-]*)File "(.+)", line (\d+)(?=,|$)/;

/** The traceback as HTML; the places in it that `frames` has are links, those of `uri`'s own file to the document. */
export function tracebackHtml({ text, frames }: ErrorOutput, uri: string): string {
  const files = new Set(frames.map(({ file }) => file));
  return text
    .trimEnd()
    .split("\n")
    .map((line) => {
      const [shown, indent = "", file = "", number = ""] = place.exec(line) ?? [];
      if (shown === undefined || !isThere(file, files)) return ansiToHtml(line);
      const link = placeLink(uri, Number(number), escapeHtml(shown.slice(indent.length)), file);
      return `${escapeHtml(indent)}${link}${ansiToHtml(line.slice(shown.length))}`;
    })
    .join("\n");
}

/** A link to a line, from 1, of a document, or of the file that its traceback names. */
export function placeLink(uri: string, line: number, html: string, file?: string): string {
  const args = file === undefined ? [uri, line] : [uri, line, file];
  return `<a href="command:rdit.goTo?${escapeHtml(encodeURIComponent(JSON.stringify(args)))}">${html}</a>`;
}

/** Code from strings has names in angle brackets, and no file. */
function isThere(file: string, files: ReadonlySet<string>): boolean {
  return !file.startsWith("<") && (files.has(file) || file.startsWith("/"));
}
