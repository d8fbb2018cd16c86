"""Statements that share a line have a result each."""

#: run file
a = 1; a; a + 1
#> → 1  → 2
print("x"); print("y")
#> → x  → y
if a: print("z")
#> → z

#: edit
a = 1; a; a + 2
#> ~ (stale: edited since it ran)  ~ 1 (stale: edited since it ran)  ~ 2 (stale: edited since it ran)
print("x"); print("y")
#> ~ x  ~ y
if a: print("z")
#> ~ z
