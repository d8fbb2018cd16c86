"""A statement can be run by itself, now; what that puts in doubt is stale."""

#: run file
l = []
l.append(1)
l
#> → [1]

#: run statement 2
l = []
l.append(1)
#> ~  (stale: it ran out of order)
l
#> → [1]

#: run statement 3
l = []
l.append(1)
#> ~  (stale: it ran out of order)
l
#> ~ [1, 1] (stale: line 2 above is stale)

#: run stale
l = []
l.append(1)
l
#> → [1]
