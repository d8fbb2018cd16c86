"""Comments, blank lines and layout change nothing."""

#: run file
def area(w, h):
    return w * h
area(2, 3)
#> → 6
[1, 2]
#> → [1, 2]

#: edit
# What a rectangle covers.
def area(w, h):
    # Width by height.
    return (
        w * h
    )


area( 2,3 )  # six
#> → 6
[
    1,
    2,
]
#> → [1, 2]

#: edit
def area(w, h):
    return h * w
#> ~ (stale: edited since it ran)
area(2, 3)
#> ~ 6
[1, 2]
#> ~ [1, 2]
