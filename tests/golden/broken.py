"""While something is typed that does not parse, the rest keeps its results."""

#: run file
a = 1
a + 1
#> → 2
b = 2
b
#> → 2

#: edit
a = 1
a + 1
#> → 2
b = (
#> ~ (stale: edited since it ran)
b
#> ~ 2

#: run statement 2
a = 1
a + 1
#> ↷ 2 (out of order)
b = = 2
#> ~ (stale: edited since it ran)
b
#> ~ 2

#: run stale
a = 1
a + 1
#> ↷ 2 (out of order)
b = = 2
#> ✗ SyntaxError: invalid syntax  ~ (stale: edited since it ran)
b
#> ~ 2

#: edit
a = 1
a + 1
#> ↷ 2 (out of order)
b = 2
b
#> → 2
