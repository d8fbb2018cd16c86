/** The files that the scenario opens. Their folder's name has a space and a letter beyond ASCII. */

import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";

export const documents = {
  "main.py": `answer = 6 * 7
answer
print("hello,", answer)
`,
  "error.py": `rows = [1, 2, 3]
len(rows)
rows[7]
print("not reached")
`,
  "loop.py": `import time
before = "kept"
for tick in range(100_000):
    print("tick", tick)
    time.sleep(0.02)
before
`,
  "ask.py": `name = input("Your name? ")
name.upper()
from getpass import getpass
secret = getpass("Your secret? ")
len(secret)
`,
  "crash.py": `kept = "still here"
kept
__import__("os").kill(__import__("os").getpid(), 11)
`,
  "states.py": `numbers = [1, 2, 3]
len(numbers)
numbers.append(4)
`,
  "book.ipynb": JSON.stringify({
    cells: [{ cell_type: "code", source: "6 * 7\n%load_ext autoreload\n", metadata: {}, outputs: [] }],
    metadata: {},
    nbformat: 4,
    nbformat_minor: 5,
  }),
  "copy.py": `6 * 7
`,
  "output.py": `print("\\x1b[31mred\\x1b[0m")
print("more")
"## A *title*"
`,
  "picture.py": `import os, struct, zlib
def png(width, height):
    rows = b"".join(b"\\0" + os.urandom(width * 3) for _ in range(height))
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = chunk(b"IHDR", head), chunk(b"IDAT", zlib.compress(rows)), chunk(b"IEND", b"")
    return b"\\x89PNG\\r\\n\\x1a\\n" + b"".join(parts)
class Noise:
    def _repr_png_(self): return png(400, 300), {"width": 400, "height": 300}
class Circle:
    def _repr_svg_(self): return '<svg width="60" height="40"><circle cx="30" cy="20" r="15"/></svg>'
Noise()
Circle()
"text to " + "copy"
`,
  "panel.py": `print("first")
answer = 42
class Table:
    def _repr_html_(self): return "<table>" + "<tr><th>2025-01-01</th><td>cell</td></tr>" * 40 + "</table>"
Table()
def fail(reason):
    raise ValueError(reason)
fail("no")
`,
  "kinds.py": `fresh
kept
stale
running
error
stopped
never
`,
  "shared.py": `"long " * 60
1 + 1; 1 / 0
`,
  "cells.py": `# %% first
10 + 1
10 + 2
# %% second
20 + 1
20 + 2
`,
};

export function makeFolder(files: Record<string, string> = documents, name = "prøve mappe"): string {
  const folder = path.join(mkdtempSync(path.join(os.tmpdir(), "rdit-files-")), name);
  mkdirSync(folder);
  for (const [file, text] of Object.entries(files)) writeFileSync(path.join(folder, file), text);
  return folder;
}
