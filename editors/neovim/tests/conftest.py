"""What holds for all tests of this editor."""

from __future__ import annotations

import os

# What is tested is not to find, start or become a host of the person who runs the tests.
os.environ["RDIT_HOST"] = "off"
