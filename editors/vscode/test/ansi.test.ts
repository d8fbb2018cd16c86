import assert from "node:assert/strict";
import { test } from "node:test";
import { ansiToHtml } from "../src/view/ansi";

const red = '<span style="color:var(--vscode-terminal-ansiRed)">';

test("plain text is escaped and otherwise untouched", () => {
  assert.equal(ansiToHtml(`<b a="1">&'\n\tx`), "&lt;b a=&quot;1&quot;&gt;&amp;&#39;\n\tx");
});

test("colours become spans, in the colours of the theme's terminal", () => {
  assert.equal(ansiToHtml("\x1b[31mred\x1b[0m plain"), `${red}red</span> plain`);
  assert.equal(ansiToHtml("\x1b[1;31mx"), '<span style="color:var(--vscode-terminal-ansiRed);font-weight:bold">x</span>');
  assert.equal(ansiToHtml("\x1b[94mx"), '<span style="color:var(--vscode-terminal-ansiBrightBlue)">x</span>');
  assert.equal(ansiToHtml("\x1b[31ma\nb\x1b[39mc"), `${red}a</span>\n${red}b</span>c`);
});

test("256 and 16 million colours are known, and their numbers are clamped", () => {
  assert.equal(ansiToHtml("\x1b[38;5;196mx"), '<span style="color:rgb(255,0,0)">x</span>');
  assert.equal(ansiToHtml("\x1b[48;5;244mx"), '<span style="background-color:rgb(128,128,128)">x</span>');
  assert.equal(ansiToHtml("\x1b[38;2;1;999;3mx"), '<span style="color:rgb(1,255,3)">x</span>');
  assert.equal(ansiToHtml("\x1b[38;5mx"), '<span style="color:var(--vscode-terminal-ansiBlack)">x</span>');
});

test("a carriage return overwrites the line, as progress bars need it", () => {
  assert.equal(ansiToHtml("  0%\r 50%\r100%\n"), "100%\n");
  assert.equal(ansiToHtml("long line\rnew"), "newg line");
  assert.equal(ansiToHtml("long line\r\x1b[Knew"), "new");
  assert.equal(ansiToHtml("ab\b\bX"), "Xb");
  assert.equal(ansiToHtml("dos\r\nlines\r\n"), "dos\nlines\n");
});

test("no other control sequence is left in the text", () => {
  assert.equal(ansiToHtml("\x1b]0;title\x07a\x1b[2J\x1b[1Ab\x1b(B\x00\x07c"), "abc");
});

test("markup in coloured text stays text", () => {
  assert.equal(ansiToHtml('\x1b[31m<img src=x onerror="x">'), `${red}&lt;img src=x onerror=&quot;x&quot;&gt;</span>`);
});

test("a sequence that was cut off does not take the rest with it", () => {
  assert.equal(ansiToHtml("a\x1b[31"), "a31");
  assert.equal(ansiToHtml("a\x1b]0;never ended\nb"), "a0;never ended\nb");
});

test("megabytes take no noticeable time", () => {
  const started = performance.now();
  ansiToHtml("\x1b[32mok\x1b[0m some text\r\n".repeat(20_000));
  assert.ok(performance.now() - started < 5000);
});
