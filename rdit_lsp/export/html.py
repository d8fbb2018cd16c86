"""One HTML page with code, results and pictures: no scripts, no network, light and dark.

HTML that user code made is cut down to harmless elements (`safe_html`), and the page's own policy
forbids scripts and remote content besides.
"""

from __future__ import annotations

import re
from functools import cache
from html import escape
from typing import TYPE_CHECKING

from markdown_it import MarkdownIt
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer, PythonTracebackLexer

from rdit_lsp.export.parts import parts
from rdit_lsp.outputs.display import Display
from rdit_lsp.outputs.failure import Failure
from rdit_lsp.outputs.markup import markdown_table, text_of
from rdit_lsp.outputs.pictures import picture_of
from rdit_lsp.outputs.stream import Stream
from rdit_lsp.outputs.text import last_screen, printable
from rdit_lsp.render.summary import as_sentence, caption, caveats, has_poor_text, state_in_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pygments.lexer import Lexer

    from rdit_lsp.export.model import About
    from rdit_lsp.export.parts import Part
    from rdit_lsp.outputs.output import Output
    from rdit_lsp.outputs.pictures import Picture
    from rdit_lsp.results.snapshot import Snapshot, View

_LIMIT = 100_000
"""Characters of one stream that are shown."""

_LONGEST = 4_000_000
"""Characters of HTML of one display that are cleaned and shown."""

_IMAGE_SOURCE = re.compile(r"data:image/(png|jpeg|gif|webp);base64,[A-Za-z0-9+/=\s]*")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_CONTENT = re.compile(r"[^<>\s](?=[^<>]*(<|$))|<img|<hr")
_STYLES = {
    "background-color", "color", "font-style", "font-weight", "text-align", "text-decoration", "width",
    "white-space",
}  # fmt: skip
_TAGS = {
    "a", "abbr", "b", "blockquote", "br", "caption", "code", "col", "colgroup", "dd", "del", "details",
    "div", "dl", "dt", "em", "figcaption", "figure", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i",
    "img", "ins", "kbd", "li", "mark", "ol", "p", "pre", "q", "s", "samp", "small", "span", "strong",
    "sub", "summary", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "u", "ul", "var",
}  # fmt: skip
_ATTRIBUTES = {
    "*": {"style", "title", "lang", "dir"},
    "a": {"href"},
    "img": {"src", "alt", "width", "height"},
    "td": {"colspan", "rowspan", "align", "valign"},
    "th": {"colspan", "rowspan", "align", "valign", "scope"},
    "ol": {"start"},
    "details": {"open"},
}
_POLICY = (
    "default-src 'none'; img-src data:; style-src 'unsafe-inline';"
    " base-uri 'none'; form-action 'none'"
)


def page(snapshot: Snapshot, about: About) -> str:
    """The whole page."""
    title = escape(printable(about.name))
    body = "\n".join(_part(part) for part in parts(snapshot))
    return _PAGE.format(
        title=title, policy=_POLICY, style=_style(), body=body, footer=_footer(snapshot, about)
    )


def safe_html(html: str) -> str | None:
    """`html` without scripts, forms, frames, classes and anything remote; None where nothing is left."""
    try:
        import nh3
    except ImportError:
        return None  # It is native code, which the VS Code extension cannot bundle.
    found: str = nh3.clean(
        html[:_LONGEST],
        tags=_TAGS,
        clean_content_tags={"script", "style", "svg", "math", "template", "noscript", "title"},
        attributes=_ATTRIBUTES,
        attribute_filter=_filtered,
        url_schemes={"http", "https", "mailto", "data"},
        filter_style_properties=_STYLES,
        link_rel="noopener noreferrer",
    )
    return found if _CONTENT.search(found) else None


def _filtered(tag: str, attribute: str, value: str) -> str | None:
    if tag == "img" and attribute == "src":
        return value if _IMAGE_SOURCE.fullmatch(value) else None
    if attribute == "href":
        return value if value.startswith(("http://", "https://", "mailto:", "#")) else None
    if attribute == "style" and ("url(" in value.lower() or "\\" in value):
        return None
    return value


def _part(part: Part) -> str:
    heading = f"<h2>{escape(part.title)}</h2>" if part.title else ""
    if part.prose is not None:
        return f'<section class="prose">{heading}{rendered(part.prose)}</section>'
    code = _code(part) if part.code else ""
    outputs = "".join(_view(view) for view in part.views)
    return f"<section>{heading}{code}{outputs}</section>" if code or outputs or heading else ""


def rendered(text: str) -> str:
    """Markdown as harmless HTML."""
    html = _markdown().render(printable(text[:_LONGEST]).replace("\x00", "\N{SYMBOL FOR NULL}"))
    # Without the library that cleans it: the renderer has escaped all HTML, so only images could be remote.
    return safe_html(html) or re.sub(r"<img[^>]*>", "", html)


@cache
def _markdown() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])


def _code(part: Part) -> str:
    first = part.first_of_code
    numbers = "\n".join(str(first + n) for n in range(part.code.count("\n") + 1))
    text = _highlighted(part.code, PythonLexer(stripnl=False))
    return (
        f'<div class="code"><pre class="numbers" aria-hidden="true">{numbers}</pre>'
        f'<pre class="source" id="line-{first}"><code>{text}</code></pre></div>'
    )


def _highlighted(text: str, lexer: Lexer) -> str:
    found: str = highlight(_visible(text), lexer, HtmlFormatter(nowrap=True))
    return found.rstrip("\n")


def _view(view: View) -> str:
    outputs = [_output(output) for output in view.outputs]
    if view.note:
        outputs.append(f'<p class="note">{escape(printable(view.note))}</p>')
    if not outputs:
        return ""
    outputs += [f'<p class="note">{escape(as_sentence(caveat))}</p>' for caveat in caveats(view)]
    where = (
        f"line {view.first}" if view.first == view.last else f"lines {view.first} to {view.last}"
    )
    label = f"Output of {where}"
    title = escape(state_in_words(view))
    return f'<div class="output" role="group" aria-label="{label}" title="{title}">{"".join(outputs)}</div>'


def _output(output: Output) -> str:
    if isinstance(output, Stream):
        return f'<pre class="{output.name}">{_text(last_screen(output.text(_LIMIT)))}</pre>'
    if isinstance(output, Failure):
        text = _highlighted(output.text.rstrip("\n"), PythonTracebackLexer())
        return f'<pre class="error">{text}</pre>'
    assert isinstance(output, Display)
    return _display(output) + _notes(output.notes)


def _display(output: Display) -> str:
    data = output.data
    if "text/markdown" in data:
        return f'<div class="prose">{rendered(str(data["text/markdown"]))}</div>'
    picture = picture_of(output)
    if picture is not None:
        return _picture(output, picture)
    if "text/html" in data:
        return _of_html(output, str(data["text/html"]))
    if "text/latex" in data:
        return _of_latex(output, str(data["text/latex"]))
    return f'<pre class="value">{_text(output.text)}</pre>'


def _of_html(output: Display, html: str) -> str:
    found = safe_html(html)
    if found is not None:
        size = (
            f"<figcaption>{escape(caption(output))}</figcaption>"
            if output.about.get("shape")
            else ""
        )
        return f'<figure class="html">{found}{size}</figure>'
    if markdown_table(html) is not None:
        return f'<div class="prose">{rendered(markdown_table(html) or "")}</div>'
    text = text_of(html) if has_poor_text(output) else output.text
    note = _notes([_NEEDS_SCRIPTS]) if "<script" in html.lower() else ""
    return f'<pre class="value">{_text(text or output.text)}</pre>{note}'


_NEEDS_SCRIPTS = "This display is drawn by scripts, which this page does not run."


def _of_latex(output: Display, latex: str) -> str:
    """The formula as a person writes it, where that is known, and its LaTeX to copy."""
    source = f'<pre class="latex">{_text(latex)}</pre>'
    if not output.pretty:
        return source
    pretty = f'<pre class="formula">{_text(output.pretty)}</pre>'
    return f"{pretty}<details><summary>LaTeX</summary>{source}</details>"


def _picture(output: Display, picture: Picture) -> str:
    """An `<img>`, in which SVG runs no scripts and fetches nothing, whatever is in it."""
    sides = {"width": picture.width, "height": picture.height}
    size = "".join(f' {side}="{length}"' for side, length in sides.items() if length)
    alt = escape(caption(output), quote=True)
    return f'<img class="picture" src="{picture.data_uri}" alt="{alt}"{size}>'


def _notes(notes: Sequence[str]) -> str:
    return "".join(f'<p class="note">{escape(printable(note))}</p>' for note in notes)


def _text(text: str) -> str:
    return escape(_visible(text), quote=False)


def _visible(text: str) -> str:
    """Characters that HTML must not hold, as their pictures (U+2400 and on)."""
    return _CONTROL.sub(
        lambda c: chr(0x2400 + ord(c[0]) if ord(c[0]) < 0x20 else 0x2421), printable(text)
    )


def _footer(snapshot: Snapshot, about: About) -> str:
    statuses = [view.status for view in snapshot.views]
    ran = len(statuses)
    failed = sum(1 for status in statuses if status not in ("ok", "running"))
    stale = sum(1 for view in snapshot.views if view.stale_reason is not None)
    words = [f"Python {about.python}"] if about.python else []
    words.append(f"{ran} of {max(len(snapshot.document.placed), ran)} statements have run")
    if failed:
        words.append(f"{failed} did not end well")
    if stale:
        words.append(f"{stale} stale")
    restored = sum(1 for view in snapshot.views if view.restored)
    if restored:
        words.append(f"{restored} restored from an earlier run")
    return escape(" · ".join(words))


def _style() -> str:
    light, dark = (_colours(style) for style in ("default", "github-dark"))
    return f"{light}\n@media (prefers-color-scheme: dark) {{\n{dark}\n}}\n{_LOOK}"


def _colours(style: str) -> str:
    """Pygments' rules for kinds of tokens, without those for the whole block."""
    formatter = HtmlFormatter(style=style)
    found: str = formatter.get_style_defs([".code", ".error"])  # type: ignore[no-untyped-call]  # Pygments has no type for it.
    rules = found.split("\n")
    return "\n".join(rule for rule in rules if re.match(r"\.code \.\w+,", rule))


_LOOK = """\
:root { color-scheme: light dark; --text: #1f2328; --dim: #59636e; --page: #fff; --code: #f6f8fa;
  --line: #d1d9e0; --bad: #cf222e; --soft: #fff5f5; --link: #0969da; }
@media (prefers-color-scheme: dark) { :root { --text: #e6edf3; --dim: #9198a1; --page: #0d1117;
  --code: #161b22; --line: #30363d; --bad: #ff7b72; --soft: #25171c; --link: #4493f8; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.5rem; max-width: 60rem; color: var(--text); background: var(--page);
  font: 16px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.15rem; margin: 1.5rem 0 0.5rem; }
a { color: var(--link); }
pre { margin: 0; font: 13px/1.45 ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace;
  overflow-x: auto; tab-size: 8; }
section { margin: 0.75rem 0; }
.code { display: flex; background: var(--code); border: 1px solid var(--line); border-radius: 6px; }
.code pre { padding: 0.5rem 0.75rem; } .source { flex: 1; min-width: 0; }
.code .numbers { color: var(--dim); text-align: right; user-select: none; padding-right: 0; }
.output { margin: 0.5rem 0 0 0.5rem; padding-left: 0.75rem; border-left: 3px solid var(--line); }
.output > * { margin: 0.35rem 0; } .output pre { max-height: 40rem; overflow: auto; }
.output .formula { line-height: 1.15; } .output .stderr { color: var(--dim); }
.output .error { background: var(--soft); border-left: 3px solid var(--bad); padding: 0.5rem; }
.picture { display: block; max-width: 100%; height: auto; background: #fff; border-radius: 4px; }
.html { overflow: auto; max-height: 40rem; }
table { border-collapse: collapse; font-size: 13px; font-variant-numeric: tabular-nums; }
th, td { padding: 0.2rem 0.6rem; border-bottom: 1px solid var(--line); text-align: right; }
thead th { border-bottom-width: 2px; } .prose td, .prose th { text-align: left; }
figcaption, .note, footer { color: var(--dim); font-size: 13px; }
footer { margin-top: 2rem; border-top: 1px solid var(--line); padding-top: 0.5rem; }
@media print { body { max-width: none; } .output pre, .html { max-height: none; } }"""

_PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="rdit">
<title>{title}</title>
<style>
{style}
</style>
</head>
<body>
<header><h1>{title}</h1></header>
<main>
{body}
</main>
<footer>{footer}</footer>
</body>
</html>
"""
