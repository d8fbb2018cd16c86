"""What `rdit export` writes: whole, safe, and valid."""

from __future__ import annotations

import html
import json
import re
import warnings
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import nbformat
import pytest

if TYPE_CHECKING:
    from support.commandline import Rdit

SOURCE = '''\
"""# A title

With **text**."""

# %% First
x = 20
x + 1
print("out")

# %%
import sys
print("err", file=sys.stderr)
"a < b & c".upper()
x
'''

EVIL = """\
class Evil:
    def __init__(self, html): self.html = html
    def _repr_html_(self): return self.html

Evil("<script>alert(1)</script><b onclick='x()' style='background:url(http://evil/1)'>bold</b>"
     "<img src='http://evil/2.png'><img src='data:image/svg+xml;base64,AAAA'><iframe src=x></iframe>"
     "<a href='javascript:x()'>link</a><form action='http://evil/3'><input></form><style>*{}</style>")
Evil("<svg><script>alert(2)</script></svg><math><mi//xlink:href='data:x'></math>")
f"**Markdown** <script>alert(3)</script> ![a](http://evil/4) [b](javascript:x) {1}"
print("</pre><script>alert(4)</script> \\x00\\x1b[31mred\\x1b[0m")
"\\ud800 </script>".strip()
raise ValueError("<script>alert(5)</script>")
"""


class Tags(HTMLParser):
    """What a browser would find in a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs


def test_page_tells_all(plain: Rdit) -> None:
    """Code, prose, output and values are what people export a page for."""
    page = plain.export(SOURCE, "html").decode()
    text = re.sub("<[^>]*>", "", page)
    for expected in ("A title", "First", "21", "out", "err", "&#x27;A &lt; B &amp; C&#x27;", "20"):
        assert expected.replace("&#x27;", "'") in text.replace("&#x27;", "'")
    assert "<strong>text</strong>" in page
    assert "prefers-color-scheme: dark" in page
    assert Tags(page).tags.count("h2") == 1


def test_page_holds_nothing_that_runs_or_is_fetched(plain: Rdit) -> None:
    """A page that is passed on would run what some library or data set put into it."""
    target = plain.folder / "evil.html"
    done = plain("export", str(plain.write(EVIL)), "--to", "html", "--output", str(target))
    assert done.returncode == 1
    found = Tags(target.read_text())
    assert set(found.tags).isdisjoint(
        {"script", "iframe", "form", "input", "svg", "math", "object"}
    )
    assert found.tags.count("style") == 1
    sources = [value or "" for name, value in found.attributes if name in ("src", "href", "style")]
    assert [value for value in sources if "evil" in value or "javascript" in value] == []
    assert [name for name, _ in found.attributes if name.startswith("on")] == []
    assert "<b>bold</b>" in target.read_text()
    assert "\x00" not in target.read_text()


def test_notebook_is_valid_and_has_the_outputs(plain: Rdit) -> None:
    """Jupyter would refuse it, or show it empty."""
    found = nbformat.reads(plain.export(SOURCE, "ipynb").decode(), as_version=4)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        nbformat.validate(found)
    prose, first, second = found.cells
    assert (prose.cell_type, prose.source) == ("markdown", "# A title\n\nWith **text**.")
    assert first.source.startswith("x = 20")
    assert first.metadata.title == "First"
    kinds = [output.output_type for output in first.outputs]
    assert kinds == ["display_data", "stream"]
    assert [o.output_type for o in second.outputs] == ["stream", "display_data", "execute_result"]
    assert second.outputs[-1].data["text/plain"] == "20"
    assert second.execution_count == 2


def test_notebook_of_bad_output_is_valid(plain: Rdit) -> None:
    """One NUL or surrogate would make the whole notebook unreadable."""
    target = plain.folder / "evil.ipynb"
    plain("export", str(plain.write(EVIL)), "--to", "ipynb", "--output", str(target))
    found = nbformat.read(target, as_version=4)
    nbformat.validate(found)
    assert found.cells[-1].outputs[0].ename == "ValueError"


def test_notebook_and_back(plain: Rdit) -> None:
    """A notebook made from a script and imported again runs to the same end."""
    notebook = plain.folder / "exported.ipynb"
    notebook.write_bytes(plain.export(SOURCE, "ipynb"))
    assert plain("import", str(notebook), "--output", "back.py").returncode == 0
    text = (plain.folder / "back.py").read_text()
    assert "# %% First\nx = 20\n" in text
    assert plain.outputs(text)[-1]["text"] == "20"


def test_markdown_has_pictures_beside_it(rich: Rdit) -> None:
    """A picture in the text makes the text unreadable where it is shown as text."""
    source = (
        "import matplotlib.pyplot as plt, pandas as pd\n_ = plt.plot([1, 2])\nplt.show()\n"
        "pd.DataFrame({'a|b': [1], 'c': ['<i>|*x*']})\n"
    )
    text = rich.export(source, "md").decode()
    (picture,) = re.findall(r"!\[Figure 640×480\]\(<(.*)>\)", text)
    assert (rich.folder / picture).read_bytes().startswith(b"\x89PNG")
    assert re.search(r"\|  +\| a\\\|b \| c +\|", text)
    assert r"\<i>\|\*x\*" in text


def test_script_with_results_runs_and_is_stable(plain: Rdit) -> None:
    """Exporting an export would add the results once more."""
    once = plain.export(SOURCE, "py").decode()
    assert "x + 1\n#> 21\n" in once
    assert "#> 'A < B & C'\n" in once
    assert once == plain.export(once, "py", "again.py").decode()


def test_strings_with_code_in_them_keep_it(plain: Rdit) -> None:
    """A page would show what a string came to, and nothing of how."""
    code = ['f"**x** is {x}"', 'rf"""\n{x}\n"""', '"a" f"{{b}} {x!r:>9}"', '"shared"; y = x']
    source = (
        "\n".join(["x = 3", *code, '"text with {x}"', 'f"no {{fields}}"', '"""a""" "b"']) + "\n"
    )
    found = nbformat.reads(plain.export(source, "ipynb").decode(), as_version=4)
    kinds = [(cell.cell_type, cell.source) for cell in found.cells]
    prose = [("markdown", "text with {x}"), ("markdown", "no {fields}"), ("markdown", "ab")]
    assert kinds == [("code", "x = 3\n" + code[0]), *(("code", each) for each in code[1:]), *prose]
    shown = [cell.outputs[0].data["text/markdown"] for cell in found.cells[:4]]
    assert shown == ["**x** is 3", "\n3\n", "a{b}         3", "shared"]
    text = plain.export(source, "md").decode()
    assert "```python\nx = 3\n" + code[0] + "\n```\n\n**x** is 3\n" in text
    page = html.unescape(re.sub("<[^>]*>", "", plain.export(source, "html").decode()))
    assert all(line in page for each in code for line in each.split("\n"))
    assert "x is 3" in page
    script = plain.export(source, "py").decode()
    assert code[0] + "\n#> **x** is 3\n" in script
    assert script.endswith('"text with {x}"\nf"no {{fields}}"\n"""a""" "b"\n')


def test_script_never_takes_its_own_place(plain: Rdit) -> None:
    """The source would be gone."""
    path = plain.write("1\n")
    assert plain("export", str(path), "--to", "py", "--output", str(path)).returncode == 2
    assert path.read_text() == "1\n"
    assert plain("export", str(path), "--to", "py").returncode == 0
    assert (plain.folder / "script.results.py").read_text() == "1\n#> 1\n"
    assert path.read_text() == "1\n"


@pytest.mark.parametrize("to", ["html", "ipynb", "md", "py"])
def test_all_formats_to_standard_output(plain: Rdit, to: str) -> None:
    """A pipe would get a file instead."""
    done = plain("export", "-", "--to", to, stdin="1 + 1\n")
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"2" in done.stdout
    assert not list(plain.folder.iterdir())


@pytest.mark.parametrize("to", ["html", "ipynb", "md", "py"])
@pytest.mark.parametrize(
    "source", ["", "\n", "x = (\n", "# only a comment", "1; 2; print(3)\n", "1\\\n+1"]
)
def test_odd_sources(plain: Rdit, to: str, source: str) -> None:
    """An export of what does not run or is hardly there would be an error of rdit's own."""
    done = plain("export", "-", "--to", to, "--output", "-", stdin=source)
    assert done.returncode == (1 if "(" in source and "print" not in source else 0)
    assert b"Traceback" not in done.stderr
    if to == "ipynb":
        nbformat.validate(json.loads(done.stdout))


def test_pages_pictures_and_tables(rich: Rdit) -> None:
    """The picture and the table are what the page is for."""
    source = (
        "import sys\nsys.modules['kaleido'] = None\n"
        "import matplotlib.pyplot as plt, pandas as pd\n_ = plt.plot([1, 2])\nplt.show()\n"
        "pd.DataFrame({'a': [1]})\nimport plotly.express as px\npx.bar(x=[1], y=[2])\n"
    )
    page = rich.export(source, "html").decode()
    assert Tags(page).tags.count("img") == 1
    assert "data:image/png;base64," in page
    assert Tags(page).tags.count("table") == 1
    assert "This display is drawn by scripts, which this page does not run." in page
