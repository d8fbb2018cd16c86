/**
 * The page that a table scrolls in, and the messages between it and `tables.ts`.
 *
 * Pure. `src/page/table.ts` runs in the page.
 */

import type { TableResult } from "../protocol";
import { escapeHtml } from "./ansi";

/** The page wants rows, from 0; its first request is also how it says that it is there. */
export interface RowsRequest {
  first: number;
  count: number;
}

/** Rows that came, or why none did. After each run the table is another one: `isNew`. */
export interface RowsMessage {
  first: number;
  table?: TableResult;
  problem?: string;
  isNew?: boolean;
}

const style = `
  html, body { height: 100%; margin: 0; padding: 0; overflow: hidden; }
  body { display: flex; flex-direction: column; color: var(--vscode-editor-foreground); }
  p { flex: none; margin: .5em 1em; opacity: .8; }
  main { flex: 1; overflow: auto; position: relative; }
  table { position: absolute; border-collapse: collapse; font-variant-numeric: tabular-nums;
    font-family: var(--vscode-editor-font-family); font-size: var(--vscode-editor-font-size); }
  th, td { height: 22px; box-sizing: border-box; padding: 0 .8em; text-align: right; white-space: pre; line-height: 21px;
    border-bottom: 1px solid var(--vscode-panel-border); max-width: 40em; overflow: hidden; text-overflow: ellipsis; }
  thead th { position: sticky; top: 0; background: var(--vscode-editor-background); z-index: 1; }
`;

export function tablePage({ script, nonce }: { script: string; nonce: string }): string {
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'nonce-${nonce}';">
<title>rdit table</title>
<style>${style}</style>
</head>
<body>
<p></p>
<main><div><table><thead></thead><tbody></tbody></table></div></main>
<script nonce="${nonce}" src="${escapeHtml(script)}"></script>
</body>
</html>`;
}
