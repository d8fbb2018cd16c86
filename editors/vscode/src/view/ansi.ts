/**
 * Terminal text to HTML that cannot do anything: escaped text and spans with colours, no more.
 *
 * Knows the parts of ECMA-48 that programs write into logs: SGR (colours and weights), carriage
 * return and backspace (progress bars), erase in line. Every other sequence is left out.
 */

interface Style {
  foreground?: string | undefined;
  background?: string | undefined;
  bold?: boolean;
  dim?: boolean;
  italic?: boolean;
  underline?: boolean;
  strike?: boolean;
  inverse?: boolean;
}

interface Cell {
  character: string;
  css: string;
}

const names = ["Black", "Red", "Green", "Yellow", "Blue", "Magenta", "Cyan", "White"];

/* eslint-disable no-control-regex -- control characters are what this module is about. */
/** A CSI, OSC or two-character escape sequence, or one control character that moves the cursor. */
const tokens = /\x1b\[([0-9;:?]*)[ -/]*([@-~])|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[ -/]*[0-~]|[\r\n\b]/g;
const otherControls = /[\x00-\x07\x0b-\x1f\x7f]/g;
const needsScreen = /[\x1b\r\b]/;
/* eslint-enable no-control-regex */

export function ansiToHtml(text: string): string {
  // Most output has no control characters, and some of it is very long.
  if (!needsScreen.test(text)) return escapeHtml(text.replace(otherControls, ""));
  const screen = new Screen();
  let from = 0;
  for (const match of text.matchAll(tokens)) {
    screen.write(text.slice(from, match.index));
    screen.control(match[0], match[1] ?? "", match[2] ?? "");
    from = match.index + match[0].length;
  }
  screen.write(text.slice(from));
  return screen.toHtml();
}

export function escapeHtml(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&#39;");
}

/** One line under construction, and the HTML of the lines before it. */
class Screen {
  private html = "";
  private cells: Cell[] = [];
  private column = 0;
  private style: Style = {};
  private css = "";

  write(text: string): void {
    for (const character of text.replace(otherControls, "")) {
      this.cells[this.column++] = { character, css: this.css };
    }
  }

  control(sequence: string, parameters: string, final: string): void {
    if (sequence === "\n") this.endLine();
    else if (sequence === "\r") this.column = 0;
    else if (sequence === "\b") this.column = Math.max(0, this.column - 1);
    else if (final === "m") this.setStyle(parameters);
    else if (final === "K") this.eraseInLine(parameters);
  }

  toHtml(): string {
    return this.html + lineToHtml(this.cells);
  }

  private endLine(): void {
    this.html += `${lineToHtml(this.cells)}\n`;
    this.cells = [];
    this.column = 0;
  }

  private setStyle(parameters: string): void {
    this.style = applySgr(this.style, parameters);
    this.css = styleToCss(this.style);
  }

  private eraseInLine(parameters: string): void {
    if (parameters === "" || parameters === "0") this.cells.length = Math.min(this.cells.length, this.column);
    if (parameters === "2") this.cells = [];
  }
}

function lineToHtml(cells: Cell[]): string {
  let html = "";
  let run = "";
  let css = "";
  const flush = () => {
    if (run !== "") html += css === "" ? escapeHtml(run) : `<span style="${css}">${escapeHtml(run)}</span>`;
    run = "";
  };
  // A cell that was never written, after the cursor was moved past it, is a blank.
  for (const cell of Array.from(cells, (cell?: Cell) => cell ?? { character: " ", css: "" })) {
    if (cell.css !== css) flush();
    css = cell.css;
    run += cell.character;
  }
  flush();
  return html;
}

function applySgr(style: Style, parameters: string): Style {
  const codes = parameters.split(/[;:]/).map((code) => Number(code || "0"));
  let changed = { ...style };
  for (let index = 0; index < codes.length; index++) {
    const code = codes[index] ?? 0;
    if (code === 38 || code === 48) {
      const [colour, used] = extendedColour(codes.slice(index + 1));
      changed = code === 38 ? { ...changed, foreground: colour } : { ...changed, background: colour };
      index += used;
    } else {
      changed = applySimpleSgr(changed, code);
    }
  }
  return changed;
}

function applySimpleSgr(style: Style, code: number): Style {
  switch (code) {
    case 0: return {};
    case 1: return { ...style, bold: true };
    case 2: return { ...style, dim: true };
    case 3: return { ...style, italic: true };
    case 4: return { ...style, underline: true };
    case 7: return { ...style, inverse: true };
    case 9: return { ...style, strike: true };
    case 22: return { ...style, bold: false, dim: false };
    case 23: return { ...style, italic: false };
    case 24: return { ...style, underline: false };
    case 27: return { ...style, inverse: false };
    case 29: return { ...style, strike: false };
    case 39: return { ...style, foreground: undefined };
    case 49: return { ...style, background: undefined };
  }
  if (code >= 30 && code <= 37) return { ...style, foreground: themeColour(code - 30, "") };
  if (code >= 90 && code <= 97) return { ...style, foreground: themeColour(code - 90, "Bright") };
  if (code >= 40 && code <= 47) return { ...style, background: themeColour(code - 40, "") };
  if (code >= 100 && code <= 107) return { ...style, background: themeColour(code - 100, "Bright") };
  return style;
}

/** The colour after a 38 or 48, and how many of the codes it took. */
function extendedColour(codes: number[]): [string | undefined, number] {
  if (codes[0] === 5) return [paletteColour(codes[1] ?? 0), 2];
  if (codes[0] === 2) return [rgb(codes[1] ?? 0, codes[2] ?? 0, codes[3] ?? 0), 4];
  return [undefined, 1];
}

/** xterm's 256 colours: 16 of the theme, a 6×6×6 cube, 24 greys. */
function paletteColour(index: number): string | undefined {
  if (index < 8) return themeColour(index, "");
  if (index < 16) return themeColour(index - 8, "Bright");
  if (index >= 232) return rgb(index * 10 - 2312, index * 10 - 2312, index * 10 - 2312);
  const level = (value: number) => (value === 0 ? 0 : value * 40 + 55);
  const at = index - 16;
  return rgb(level(Math.floor(at / 36)), level(Math.floor(at / 6) % 6), level(at % 6));
}

function themeColour(index: number, bright: "" | "Bright"): string {
  return `var(--vscode-terminal-ansi${bright}${names[index] ?? "White"})`;
}

/** Numbers come from the program's output: they are clamped, never copied into the style. */
function rgb(...channels: number[]): string {
  const safe = channels.map((channel) => Math.min(255, Math.max(0, Math.trunc(channel) || 0)));
  return `rgb(${safe.join(",")})`;
}

function styleToCss(style: Style): string {
  const foreground = style.inverse ? (style.background ?? "var(--vscode-editor-background)") : style.foreground;
  const background = style.inverse ? (style.foreground ?? "var(--vscode-editor-foreground)") : style.background;
  const lines = [style.underline && "underline", style.strike && "line-through"].filter(Boolean).join(" ");
  return [
    foreground && `color:${foreground}`,
    background && `background-color:${background}`,
    style.bold && "font-weight:bold",
    style.dim && "opacity:.7",
    style.italic && "font-style:italic",
    lines && `text-decoration:${lines}`,
  ]
    .filter(Boolean)
    .join(";");
}
