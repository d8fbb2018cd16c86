/**
 * Runs in the output panel's page: fills in what `panel.ts` sends, and gives frames the height of their content.
 *
 * Knows no results: what it is sent is HTML already, with everything from the program escaped.
 */

import type { FromPage, Section, ShowMessage, ToPage } from "../view/panelPage";

declare function acquireVsCodeApi(): { postMessage(message: FromPage): void };

/** What asks for more than this scrolls by itself: the panel stays usable, whatever a program displays. */
const highestFrame = 4000;

const bar = document.querySelector("header") as HTMLElement;
const main = document.querySelector("main") as HTMLElement;
const shown = new Map<HTMLElement, Section>();
const libraries = new Map<string, string>();
let currentLine: number | null = null;

window.addEventListener("message", ({ data }: MessageEvent<ToPage>) => {
  if (data.type === "show") show(data);
  else if (data.type === "reveal") reveal(data.line);
  else libraries.set(data.file, data.text);
});
window.addEventListener("resize", () => document.querySelectorAll<HTMLIFrameElement>("iframe.plain").forEach(fit));
acquireVsCodeApi().postMessage({ type: "ready" });

function show(message: ShowMessage): void {
  if (bar.innerHTML !== message.bar) bar.innerHTML = message.bar;
  const elements = message.sections.map((section, index) => {
    const element = sectionElements()[index] ?? main.appendChild(document.createElement("section"));
    if (section) update(element, section);
    return element;
  });
  for (const left of sectionElements().slice(elements.length)) remove(left);
  main.querySelector(":scope > p")?.remove();
  if (message.isElsewhere) window.scrollTo(0, 0);
  markCurrent();
  if (message.sentence !== "") main.insertAdjacentHTML("beforeend", `<p class="note">${message.sentence}</p>`);
}

function sectionElements(): HTMLElement[] {
  return [...main.querySelectorAll<HTMLElement>(":scope > section")];
}

/** Only what differs is set: a picture that is set again flickers, and selected text is selected no more. */
function update(element: HTMLElement, section: Section): void {
  const before = shown.get(element);
  element.className = section.look;
  if (!before) element.append(document.createElement("h2"), document.createElement("div"));
  const [head, body] = element.children as unknown as [HTMLElement, HTMLElement];
  if (before?.head !== section.head) head.innerHTML = section.head;
  if (before?.body !== section.body) {
    body.innerHTML = section.body;
    body.querySelectorAll<HTMLIFrameElement>("iframe.plain").forEach((frame) => frame.addEventListener("load", () => fit(frame)));
    body.querySelectorAll<HTMLIFrameElement>("iframe[data-library]").forEach(drawChart);
  }
  shown.set(element, section);
}

function remove(element: HTMLElement): void {
  shown.delete(element);
  element.remove();
}

/** On a line without a section everything stays where it is: the last picture is still to be seen. */
function reveal(line: number | null): void {
  currentLine = line;
  markCurrent()?.scrollIntoView({ block: "nearest" });
}

function markCurrent(): HTMLElement | undefined {
  const line = currentLine;
  const isCurrent = ({ lineStart, lineEnd }: Section) => line !== null && lineStart <= line && line <= lineEnd;
  for (const [element, section] of shown) element.classList.toggle("current", isCurrent(section));
  return [...shown].find(([, section]) => isCurrent(section))?.[0];
}

function drawChart(frame: HTMLIFrameElement): void {
  const { library = "", html = "" } = frame.dataset;
  const scripts = (libraries.get(library) ?? "").replace(/<\/script/gi, "<\\/script");
  // Such charts are as high as what they are in.
  frame.srcdoc = `<style>html, body { height: 100%; margin: 0; }</style><script>${scripts}</script>${html}`;
}

/** No script runs in such a frame, but its page is of this origin and can be measured. */
function fit(frame: HTMLIFrameElement): void {
  const page = frame.contentDocument?.documentElement;
  if (!page) return;
  // From the least height on: a page is never lower than its frame.
  frame.style.height = "0";
  frame.style.height = `${Math.min(page.scrollHeight, highestFrame)}px`;
}
