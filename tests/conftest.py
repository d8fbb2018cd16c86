"""What holds for all tests."""

from __future__ import annotations

import os
import signal

from hypothesis import settings

# How long an example takes says how busy the machine is.
settings.register_profile("rdit", deadline=None)
settings.load_profile("rdit")

# A shell starts what it puts into the background with SIGINT ignored, which every process below inherits:
# Ctrl-C would do nothing in the programs that are tested, as it would in Python.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# What is tested is not to find, start or become a host of the person who runs the tests.
os.environ["RDIT_HOST"] = "off"

# Programs buffer their output, whatever the shell of that person says.
os.environ.pop("PYTHONUNBUFFERED", None)
