"""# What does a page look like?

A script with a table, a figure, text and an error, written by `rdit export examples/rich.py --to html`.
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

rng = np.random.default_rng(2026)
days = pd.date_range("2026-01-01", periods=365)
walk = pd.DataFrame(rng.normal(size=(365, 3)).cumsum(axis=0), index=days, columns=list("abc"))
walk.round(2).head()

# %% How far they get

fig, ax = plt.subplots(figsize=(7, 3), layout="constrained")
walk.plot(ax=ax).set_title("Three random walks");
plt.show()

f"The farthest is **{walk.abs().max().idxmax()}**, at {walk.abs().max().max():.1f}."

for name in walk:
    print(f"{name}: {walk[name].iloc[-1]:+.2f}")

days[365 // len("")]
