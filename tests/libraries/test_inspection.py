"""Inspecting the objects of real libraries, in a fork and where no code of theirs may run."""

from __future__ import annotations

import pytest
from support.inspecting import VARIABLES, Inspector, completion, hover, labels, signature
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
