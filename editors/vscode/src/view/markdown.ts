/**
 * Markdown from a program as HTML that does nothing: HTML in it is text, pictures are those it holds
 * itself, and links lead to the web only.
 */

import MarkdownIt from "markdown-it";
import { escapeHtml } from "./ansi";

/** Commands of VS Code, files of this machine and scripts have addresses, too. */
const web = /^(https?:\/\/|mailto:|#)/i;
const heldPicture = /^data:image\/(png|jpeg|gif|webp);base64,[A-Za-z0-9+/=]*$/i;

const renderer = new MarkdownIt("commonmark", { html: false }).enable(["table", "strikethrough"]);
renderer.validateLink = (address) => web.test(address) || heldPicture.test(address);
renderer.renderer.rules.image = (tokens, index, options, env, self) => {
  const token = tokens[index];
  const address = String(token?.attrGet("src") ?? "");
  const text = escapeHtml(self.renderInlineAsText(token?.children ?? [], options, env));
  // The page asks no network: the picture is one click away.
  return heldPicture.test(address) ? `<img alt="${text}" src="${address}">` : `<a href="${escapeHtml(address)}">${text || escapeHtml(address)}</a>`;
};

/** Past this much text the page would wait for the renderer. */
export const longestMarkdown = 200_000;

export function markdownToHtml(text: string): string {
  return renderer.render(text);
}
