"""How fast does the mean of dice rolls settle?"""

import random
import statistics
import time

random.seed(2026)
rolls = [random.randint(1, 6) for _ in range(10_000)]
len(rolls)

for count in (10, 100, 1_000, 10_000):
    time.sleep(0.05)
    print(f"{count:>6} rolls: mean {statistics.mean(rolls[:count]):.3f}")

table = {face: rolls.count(face) for face in range(1, 7)}
table

"The sixes are **no** rarer than the rest:"

round(table[6] / len(rolls), 3)


def chance_of(total, dice=2):
    hits = sum(sum(random.choices(range(1, 7), k=dice)) == total for _ in range(20_000))
    return hits / 20_000


round(chance_of(7), 2)
