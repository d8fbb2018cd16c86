import assert from "node:assert/strict";
import { test } from "node:test";
import type { Metadata, StatementResult } from "../src/protocol";
import { barHtml, hasFigureOrTable, heldOver, librariesOf, panelText, type SectionOptions, sectionsOf } from "../src/view/panelHtml";
import { panelPage } from "../src/view/panelPage";
import { failure, printed, result, value } from "./results";

const options: SectionOptions = { uri: "file:///a.py", lineText: (line) => `code(${line})`, allowHtml: false, allowScripts: false, isDark: false };

function display(data: Record<string, unknown>, text = "text", metadata: Metadata = {}): StatementResult {
  return result({ isInvisible: false, output: [{ type: "display", text, data, metadata }] });
}

const page = (results: StatementResult[], changes: Partial<SectionOptions> = {}) =>
  sectionsOf(results, { ...options, ...changes })
    .map(({ look, head, body }) => `<section class="${look}">${head}${body}</section>`)
    .join("\n");

const shell = (allowScripts: boolean) => panelPage({ script: "https://resource.example/dist/page.js", nonce: "abc", allowScripts });

test("the page allows its own script, no other, and no network", () => {
  const html = shell(false);
  assert.match(html, /http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:; script-src 'nonce-abc';"/);
  assert.equal(html.match(/<script/g)?.length, 1);
  assert.match(html, /<script nonce="abc" src="https:\/\/resource\.example\/dist\/page\.js">/);
});

test("what is written to stderr does not look like a failure: progress bars are written there", () => {
  assert.match(page([result({ output: [{ type: "stderr", text: "60%" }] })]), /<pre class="stderr">60%<\/pre>/);
  const rules = [...shell(false).matchAll(/^ *([^{\n]*stderr[^{\n]*)\{([^}]*)\}/gm)].map(([, , rule]) => rule);
  assert.equal(rules.length, 1);
  assert.doesNotMatch(rules.join(), /errorForeground/);
});

test("everything that comes from the program or the disk is escaped", () => {
  const evil = `<script>alert("1")</script>`;
  const html = page(
    [
      result({ isInvisible: false, output: [...printed(evil), ...value(evil), ...failure(evil, evil)], stale: true, staleReason: evil }),
      display({ "text/plain": evil, "image/png": `x" onerror="${evil}` }, evil),
      display({ "image/svg+xml": evil }, evil),
      display({ "image/png": "iVBO" }, evil, { "image/png": { width: evil }, rdit: { notes: [evil] } }),
      display({ "text/html": evil }, evil, { rdit: { pretty: evil } }),
    ],
    { uri: evil, lineText: () => evil },
  );
  assert.doesNotMatch(html + barHtml({ title: evil, isWholeDocument: true, isPinned: true }), /<script|onerror="/);
});

test("a result is headed by its code, and its lines, outcome, exit code, state and time", () => {
  const html = page([result({ lineStart: 3, lineEnd: 5, isInvisible: false, status: "exit", exitCode: 3, look: "stale", stale: true, staleReason: "line 1 was edited", durationMs: 1500, output: printed("x") })]);
  assert.match(html, /<code>code\(3\)<\/code><span><a href="command:rdit\.goTo\?[^"]*">lines 3–5<\/a> · exit \(exit code 3\) · stale · 1\.5 s<\/span>/);
  assert.match(html, /Stale: line 1 was edited/);
  assert.match(html, /<section class="stale">/);
  assert.match(page([result({ output: printed("x"), durationMs: 2 })]), /line 1<\/a> · 2 ms<\/span>/);
});

test("the link in a heading leads to its line", () => {
  const [, encoded = ""] = /command:rdit\.goTo\?([^"]*)"/.exec(page([result({ lineStart: 7, output: printed("x") })])) ?? [];
  assert.deepEqual(JSON.parse(decodeURIComponent(encoded)), ["file:///a.py", 7]);
});

test("a sentence of the server's own stands below the output, also where there is none", () => {
  const note = "Python was killed by signal 11 at line 1. The variables are those before it: a checkpoint was <used>.";
  const shown = /<p class="note">Python was killed .* a checkpoint was &lt;used&gt;\.<\/p><\/section>/;
  assert.match(page([result({ look: "error", status: "crashed", note })]), shown);
  assert.match(page([result({ look: "error", status: "crashed", note, output: printed("x") })]), shown);
  assert.equal(panelText([result({ status: "crashed", note })]), `# Line 1 · crashed · 1 ms\n${note}`);
});

test("statements without output have no section, unless they run", () => {
  const unseen = value("Text(0.5, 1, 'title')").map((item) => ({ ...item, metadata: { rdit: { part: false } } }));
  assert.equal(page([result(), result({ nodeIndex: 1, output: unseen })]), "");
  assert.match(page([result({ status: "running", look: "running" })]), /^<section class="running">/);
});

test("while a statement runs that has put out nothing yet, what was there stays", () => {
  const before = sectionsOf([result({ output: printed("old") })], options);
  const running = sectionsOf([result({ status: "running", look: "running" })], options);
  const [held] = heldOver(running, before);
  assert.match(held?.body ?? "", /old/);
  assert.equal(held?.look, "running");
  const streaming = sectionsOf([result({ status: "running", look: "running", output: printed("new") })], options);
  assert.doesNotMatch(heldOver(streaming, before)[0]?.body ?? "", /old/);
  assert.equal(heldOver(sectionsOf([result({ lineStart: 9, status: "running", look: "running" })], options), before)[0]?.body, "");
});

test("the bar leads to what else there is", () => {
  const bar = barHtml({ title: "a.py", isWholeDocument: true, isPinned: false });
  assert.match(bar, /<a aria-current="true">Whole file<\/a>/);
  assert.match(bar, /<a href="command:rdit\.showStatementOutputs">Statement<\/a>/);
  assert.match(bar, />Pin<\/a>/);
  assert.match(barHtml({ title: "a.py", isWholeDocument: false, isPinned: true }), />Unpin<\/a>[^]* · pinned$/);
});

test("places in a traceback are links, and only those that are files", () => {
  const text = 'Traceback (most recent call last):\n  File "/p/a.py", line 3, in <module>\n    f()\n  File "<string>", line 1, in f\n  | File "/p/b.py", line 12\n';
  const html = page([result({ status: "error", look: "error", output: [{ type: "error", text, name: "E", value: "", frames: [] }] })]);
  const links = [...html.matchAll(/<a href="command:rdit\.goTo\?([^"]*)">([^<]*)<\/a>/g)].map(([, args = "", shown = ""]) => [JSON.parse(decodeURIComponent(args)), shown] as const);
  assert.deepEqual(links, [
    [["file:///a.py", 1], "line 1"],
    [["file:///a.py", 3, "/p/a.py"], "File &quot;/p/a.py&quot;, line 3"],
    [["file:///a.py", 12, "/p/b.py"], "File &quot;/p/b.py&quot;, line 12"],
  ]);
  assert.match(html, /File &quot;&lt;string&gt;&quot;, line 1, in f/);
});

test("pictures are shown from their data, and only data", () => {
  assert.match(page([display({ "image/png": "iVBO\nRw0=" }, "a plot")]), /<img alt="a plot" src="data:image\/png;base64,iVBORw0=">/);
  assert.match(page([display({ "image/svg+xml": ["<svg>", "</svg>"] })]), /src="data:image\/svg\+xml;base64,PHN2Zz48L3N2Zz4="/);
});

test("HTML is shown in a frame that may do nothing, or as plain text", () => {
  const table = display({ "text/html": `<table id="t">`, "text/plain": "a table" });
  assert.match(page([table]), /<pre>a table<\/pre>/);
  assert.doesNotMatch(page([table]), /iframe sandbox/);
  const allowed = page([table], { allowHtml: true });
  assert.match(allowed, /<iframe sandbox="allow-same-origin" class="plain" style="color-scheme: light" srcdoc="&lt;style&gt;/);
  assert.match(allowed, /&lt;table id=&quot;t&quot;&gt;&lt;\/div&gt;"><\/iframe>/);
});

test("a table has the theme's colours, and its lines do not wrap", () => {
  const table = display({ "text/html": `<table>${"<tr><td>1</td></tr>".repeat(5)}</table>`, "text/plain": "a table" });
  assert.match(page([table], { allowHtml: true, isDark: true }), /style="color-scheme: dark" .*white-space: nowrap/s);
});

test("Markdown is shown as what it means", () => {
  const html = page([display({ "text/markdown": ["# Title\n\n**bold** [link](https://example.org)\n\n", "| a | b |\n|---|--:|\n| 1 | 2 |\n"], "text/plain": "# Title" })]);
  assert.match(html, /<div class="prose"><h1>Title<\/h1>\s*<p><strong>bold<\/strong> <a href="https:\/\/example\.org">link<\/a><\/p>/);
  assert.match(html, /<td>1<\/td>\s*<td style="text-align:right">2<\/td>/);
  assert.doesNotMatch(html, /<pre>/);
});

test("Markdown brings no HTML, no addresses but the web's, and no pictures but its own", () => {
  const links = ["javascript:alert(1)", "command:rdit.reset", "file:///etc/passwd", "vscode://x/y", "data:text/html,x", "JaVaScRiPt&colon;alert(1)"];
  const text = [
    `<script>alert(1)</script> <img src=x onerror="alert(1)"> <b>bold</b>`,
    "<div onclick='alert(1)'>\nblock\n</div>",
    ...links.map((link) => `[link](${link}) ![picture](${link}) <${link}>`),
    "[named]\n\n[named]: command:rdit.reset",
    `![remote "quoted"](https://example.org/a.png?x="y")`,
    "![own](data:image/png;base64,iVBO) ![svg](data:image/svg+xml;base64,PHN2Zz4=)",
    '[out](https://example.org/"onmouseover="alert(1))',
  ].join("\n\n");
  const [, shown = ""] = page([display({ "text/markdown": text })]).split('<div class="prose">');
  assert.doesNotMatch(shown, /<(?!\/?(p|a|img|div|section)\b)/);
  const addresses = [...shown.matchAll(/(?:href|src)="([^"]*)"/g)].map(([, address]) => address);
  assert.deepEqual(addresses, ["https://example.org/a.png?x=%22y%22", "data:image/png;base64,iVBO", "https://example.org/%22onmouseover=%22alert(1)"]);
  assert.match(shown, /&lt;script&gt;.*&lt;img src=x onerror=/);
});

test("Markdown too long to be rendered is text", () => {
  assert.match(page([display({ "text/markdown": "*x* ".repeat(60_000), "text/plain": "plain" })]), /<pre>plain<\/pre>/);
});

test("a picture for a sharp screen is as wide as it is meant to be", () => {
  const picture = display({ "image/png": "iVBO" }, "a plot", { "image/png": { width: 640, height: 480 } });
  assert.match(page([picture]), /<img alt="a plot" src="data:image\/png;base64,iVBO" width="640">/);
});

test("what could not be shown is said", () => {
  const html = page([display({ "text/plain": "A()" }, "A()", { rdit: { notes: ["_repr_html_ raised"] } })]);
  assert.match(html, /<pre>A\(\)<\/pre><p class="note">_repr_html_ raised\.<\/p>/);
});

test("a chart that scripts would draw is its text, also where HTML is allowed", () => {
  const chart = display({ "text/html": `<style>a{}</style><div><script>draw("x")</script></div>`, "text/plain": "Figure(1 × bar)" });
  const html = page([chart], { allowHtml: true });
  assert.match(html, /<pre>Figure\(1 × bar\)<\/pre><p class="note">Interactive: <a href="command:workbench\.action\.openSettings\?%5B%22rdit\.allowScripts%22%5D">allow scripts<\/a><\/p>/);
  assert.doesNotMatch(html, /<iframe/);
  const unfinished = display({ "text/html": "<script>draw(1)", "text/plain": "plain" });
  assert.doesNotMatch(page([unfinished], { allowHtml: true }), /<iframe/);
});

test("scripts run only where both are allowed, and then in a frame without an origin", () => {
  const chart = display({ "text/html": `<script src="https://cdn.example/x.js"></script>`, "text/plain": "chart", "image/png": "iVBO" });
  const allowed = page([chart], { allowHtml: true, allowScripts: true });
  assert.match(allowed, /<iframe sandbox="allow-scripts" class="drawn" srcdoc="&lt;script src=/);
  assert.match(shell(true), /Content-Security-Policy" content="default-src 'none';.* script-src 'unsafe-inline' .* https:;/);
  assert.doesNotMatch(allowed, /<script|allow-same-origin|<img/);
  for (const changes of [{ allowHtml: true }, { allowScripts: true }, {}]) {
    const quiet = page([chart], changes);
    assert.match(quiet, /<img alt="text"/);
    assert.doesNotMatch(quiet, /iframe sandbox/);
  }
  const table = display({ "text/html": "<table>", "text/plain": "table" });
  assert.match(page([table], { allowHtml: true, allowScripts: true }), /<iframe sandbox="allow-same-origin" class="plain"/);
});

test("a formula is shown as a person writes it", () => {
  const formula = display({ "text/plain": "x**2", "text/latex": "$x^2$" }, "x**2", { rdit: { pretty: " 2\nx " } });
  assert.match(page([formula]), /<pre class="pretty"> 2\nx <\/pre>/);
});

test("a very long stream shows its end and says where the rest is", () => {
  const html = page([result({ isInvisible: false, output: printed(`first${"x".repeat(600_000)}last`) })]);
  assert.match(html, /100009 characters before this are not shown here/);
  assert.match(html, /last<\/pre>/);
  assert.doesNotMatch(html, /first/);
});

test("as text, the outputs are complete", () => {
  const results = [result({ output: [...printed("a\n"), ...value("b")] }), result({ nodeIndex: 1 })];
  assert.equal(panelText(results), "# Line 1 · 1 ms\na\nb");
});

test("a figure or a table is known, also where its data was left out", () => {
  assert.ok(hasFigureOrTable(display({ "image/png": "iVBO" })));
  assert.ok(hasFigureOrTable(display({ "text/plain": "x" }, "x", { rdit: { leftOut: { "text/html": 100_000 } } })));
  assert.ok(!hasFigureOrTable(display({ "text/plain": "x", "text/markdown": "*x*" })));
  assert.ok(!hasFigureOrTable(result({ output: printed("x") })));
});

test("a chart that could be a picture says by which package, with links, and no more", () => {
  const notes = ["the chart needs kaleido to be a picture here"];
  const chart = display({ "text/html": "<script>draw()</script>", "text/plain": "Figure" }, "Figure", { rdit: { needs: "kaleido", notes } });
  const html = page([chart], { allowHtml: true });
  assert.match(html, />allow scripts<\/a> · As a picture: <a href="command:rdit\.installPackage\?[^"]*kaleido[^"]*">install kaleido<\/a><\/p><\/section>$/);
});

test("a chart of plotly's is drawn by the scripts of its package, not by the network's", () => {
  const html = `<div><script src="https://cdn.plot.ly/plotly-3.1.1.min.js" integrity="x"></script><script>Plotly.newPlot()</script></div>`;
  const script = "/env/plotly/package_data/plotly.min.js";
  const chart = display({ "text/html": html, "text/plain": "Figure" }, "Figure", { rdit: { script } });
  const drawn = page([chart], { allowHtml: true, allowScripts: true });
  assert.match(drawn, /<iframe sandbox="allow-scripts" class="drawn" data-library="\/env\/plotly\/package_data\/plotly\.min\.js" data-html="&lt;div&gt;&lt;script&gt;Plotly/);
  assert.doesNotMatch(drawn, /cdn\.plot\.ly/);
  assert.deepEqual(librariesOf([chart, chart]), [script]);
  assert.deepEqual(librariesOf([display({}, "", { rdit: { script: "/etc/passwd" } })]), []);
});
