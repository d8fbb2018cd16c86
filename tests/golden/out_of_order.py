"""A statement can be run by itself, now; what that puts in doubt is stale."""

#: run file
l = []
l.append(1)
l
#> → [1]

#: run statement 2
l = []
l.append(1)
#> ↷ (out of order)
l
#> → [1]

#: run statement 3
l = []
l.append(1)
#> ↷ (out of order)
l
#> ↷ [1, 1] (out of order)

#: run stale
l = []
l.append(1)
l
#> → [1]
