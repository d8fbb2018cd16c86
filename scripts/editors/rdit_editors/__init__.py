"""Real editors on a terminal: the scenes they play, and how each of them is driven."""
