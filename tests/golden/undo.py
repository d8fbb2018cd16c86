"""An edit that is taken back has its results back at once, with nothing run."""

#: run file
n = 2
n * 10
#> → 20
print(n)
#> → 2

#: edit
n = 3
#> ~ (stale: edited since it ran)
n * 10
#> ~ 20
print(n)
#> ~ 2

#: edit
n = 2
n * 10
#> → 20
print(n)
#> → 2

#: run stale
n = 3
n * 10
#> → 30
print(n)
#> → 3

#: edit
n = 2
n * 10
#> → 20
print(n)
#> → 2
