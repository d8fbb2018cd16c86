/** Runs in a table's page: asks for the rows in view as one scrolls, and writes them. */

import { fullHeight, rowsInView } from "../view/rowWindow";
import type { RowsMessage, RowsRequest } from "../view/tablePage";

declare function acquireVsCodeApi(): { postMessage(message: RowsRequest): void };

const vscode = acquireVsCodeApi();
const sentence = document.querySelector("p") as HTMLElement;
const main = document.querySelector("main") as HTMLElement;
const space = main.querySelector("div") as HTMLElement;
const table = main.querySelector("table") as HTMLElement;
const head = main.querySelector("thead") as HTMLElement;
const body = main.querySelector("tbody") as HTMLElement;

let total = 1;
let isAsking = false;
/** Rows that came, by number. */
const rows = new Map<number, string[]>();
const mostKept = 5000;

window.addEventListener("message", ({ data }: MessageEvent<RowsMessage>) => take(data));
main.addEventListener("scroll", draw);
window.addEventListener("resize", draw);
ask({ first: 0, count: 100 });

function ask(request: RowsRequest): void {
  isAsking = true;
  vscode.postMessage(request);
}

function take(message: RowsMessage): void {
  isAsking = false;
  if (message.isNew || rows.size > mostKept) rows.clear();
  if (message.isNew && !message.table) {
    draw();
    return;
  }
  if (!message.table) {
    sentence.textContent = message.problem ?? "";
    return;
  }
  const { columns, origin } = message.table;
  total = message.table.total;
  message.table.rows.forEach((row, index) => rows.set(message.first + index, row));
  const state = origin === "now" ? "" : `, ${origin}`;
  sentence.textContent = `${counted(total, "row")} × ${counted(columns.length - 1, "column")}${state}`;
  head.replaceChildren(rowOf(columns, "th"));
  space.style.height = `${fullHeight(total)}px`;
  // Rows that do not come although they should be there are not asked for without end.
  if (message.table.rows.length > 0 || message.first >= total) draw();
}

function counted(number: number, noun: string): string {
  return `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;
}

function draw(): void {
  const { first, count, top } = rowsInView(total, main.scrollTop, main.clientHeight);
  const wanted = Array.from({ length: count }, (_, index) => first + index);
  const missing = wanted.find((number) => !rows.has(number));
  if (missing !== undefined && !isAsking) ask({ first: missing, count: Math.max(100, first + count - missing) });
  table.style.top = `${top}px`;
  body.replaceChildren(...wanted.map((number) => rowOf(rows.get(number) ?? [String(number)], "td")));
}

function rowOf(cells: string[], name: "th" | "td"): HTMLElement {
  const row = document.createElement("tr");
  row.append(
    ...cells.map((text, index) => {
      const cell = document.createElement(index === 0 ? "th" : name);
      cell.textContent = text;
      return cell;
    }),
  );
  return row;
}
