"""Inspecting the objects of real libraries, in a fork and where no code of theirs may run."""

from __future__ import annotations

import pytest
from support.inspecting import VARIABLES, Inspector, Json, completion, hover, labels, signature
from support.libraries import python_with_libraries

SOURCE = """
import numpy as np, pandas as pd, polars as pl
grid = np.arange(12.0).reshape(3, 4)
few = np.array([1, 2, 3])
scalar = np.float64(2.5)
records = np.zeros(5, dtype=[("x", "f4"), ("y", "i8")])
objects = np.array([object()] * 20, dtype=object)
frame = pd.DataFrame({"price": range(2000), "quantity sold": 1.5})
column = frame["price"]
day = pd.Timestamp("2020-01-01")
table = pl.DataFrame({"a": [1, 2]})
"""

either = pytest.mark.parametrize("gentle", [False, True], ids=["fork", "gentle"])


@pytest.fixture
def inspect() -> Inspector:
    """Inspects programs that use libraries."""
    return Inspector(python_with_libraries())


@either
def test_sizes(inspect: Inspector, gentle: bool) -> None:
    """The list would say that there is an array, and not how large it is."""
    (answer,) = inspect(SOURCE, VARIABLES, gentle=gentle)
    found = {each["name"]: (each["type"], each["summary"]) for each in answer["variables"]}
    expected = {
        "grid": ("numpy.ndarray", "3 × 4 float64"),
        "few": ("numpy.ndarray", "3 int64: [1, 2, 3]"),
        "scalar": ("numpy.float64", "2.5"),
        "objects": ("numpy.ndarray", "20 object"),
        "frame": ("pandas.DataFrame", "2,000 rows × 2 columns: price, quantity sold"),
        "table": ("polars.DataFrame", "2 rows × 1 column: a"),
    }
    assert expected == {name: found[name] for name in expected}
    assert found["column"][1] == "2,000 int64"
    assert found["np"][1].endswith("numpy/__init__.py")


def test_hover_shows_tables(inspect: Inspector) -> None:
    """A table's name and size alone would be shown."""
    frame, grid, column, day = inspect(
        SOURCE, hover("frame"), hover("grid"), hover("frame.price"), hover("day")
    )
    assert (frame["shape"], frame["length"]) == ([2000, 2], 2000)
    assert "price  quantity sold" in frame["text"]
    assert (grid["shape"], grid["dtype"]) == ([3, 4], "float64")
    assert grid["text"].startswith("array([[")
    assert column["type"] == "pandas.Series"
    assert day["summary"] == "Timestamp('2020-01-01 00:00:00')"


@either
def test_columns_are_keys(inspect: Inspector, gentle: bool) -> None:
    """What only the data tells, no other completion knows."""
    frame, table, records = inspect(
        SOURCE,
        completion('frame["'),
        completion('table["'),
        completion('records["'),
        gentle=gentle,
    )
    assert labels(frame) == ["price", "quantity sold"]
    assert labels(table) == ["a"]
    assert labels(records) == ["x", "y"]


def test_attributes(inspect: Inspector) -> None:
    """Columns would be missing, or be taken for what reading the source tells."""
    (answer,) = inspect(SOURCE, completion("frame.", "p"))
    static = {item["label"]: item.get("static", False) for item in answer["items"]}
    assert (static["price"], static["pivot"]) == (False, True)


def test_signatures(inspect: Inspector) -> None:
    """Functions of libraries are often no functions."""
    linspace, add, groupby = inspect(
        SOURCE,
        signature("np.linspace", 1),
        signature("np.add"),
        signature("frame.groupby", 0, "as_index"),
    )
    assert linspace["label"].startswith("linspace(start, stop, num=50")
    assert linspace["static"] is True
    assert add["label"].startswith("add(x1, x2, /")
    begin, end = groupby["parameters"][groupby["active"]]
    assert groupby["label"][begin:end].startswith("as_index")


TABLES = (
    SOURCE
    + """
days = pd.DatetimeIndex(["2025-01-01", "2025-01-02"], name="day")
dates = pd.DataFrame({"n": [1, 2], "x": [0.5, None]}, days)
wide = pd.DataFrame(np.zeros((1000, 1000)))
long_cells = pd.DataFrame({"text": ["x" * 10_000] * 5000})
"""
)
FRAME = ["", "price", "quantity sold"]


def table(name: str, first: int = 0, count: int = 2) -> Json:
    """The question for rows of a table."""
    return {"what": "table", "expression": name, "first": first, "count": count}


@pytest.mark.parametrize(
    ("name", "first", "expected"),
    [
        ("frame", 1998, (FRAME, [["1998", "1998", "1.5"], ["1999", "1999", "1.5"]], 2000)),
        ("frame", 2000, (FRAME, [], 2000)),
        ("dates", 1, (["day", "n", "x"], [["2025-01-02 00:00:00", "2", "nan"]], 2)),
        ("column", 5, (["", "price"], [["5", "5"], ["6", "6"]], 2000)),
        ("table", 1, (["", "a"], [["1", "2"]], 2)),
        ("grid", 2, (["", "0", "1", "2", "3"], [["2", "8", "9", "10", "11"]], 3)),
        ("few", 0, (["", "value"], [["0", "1"], ["1", "2"]], 3)),
    ],
)  # fmt: skip
def test_pages_of_tables(inspect: Inspector, name: str, first: int, expected: object) -> None:
    """Ten rows of a million would be all that is ever seen."""
    (answer,) = inspect(TABLES, table(name, first))
    assert expected == (answer["columns"], answer["rows"], answer["total"])


def test_pages_are_bounded(inspect: Inspector) -> None:
    """A page would be as large as its table, or never come."""
    wide, long, words = inspect(
        TABLES, table("wide", 0, 500), table("long_cells", 0, 9999), table("day")
    )
    assert 201 == len(wide["columns"])
    assert 0 < len(wide["rows"]) <= 500
    assert 0 < len(long["rows"]) < 5000
    assert max(inspect.sizes) < 150_000
    assert {"found": False} == words


def test_tables_are_not_asked_where_code_may_not_run(inspect: Inspector) -> None:
    """What a library does in the program itself would stay."""
    found, variables = inspect(TABLES, table("frame"), VARIABLES, gentle=True)
    assert {"found": False} == found
    tables = {each["name"] for each in variables["variables"] if each.get("table")}
    assert {"grid", "few", "records", "objects", "frame", "column", "table", "dates"} <= tables
    assert "day" not in tables
