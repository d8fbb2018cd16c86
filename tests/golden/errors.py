"""An error ends the run; what is below has no result, and another run goes on where it must."""

#: run file
def half(n):
    return n / 0


half(3)
#> ✗ ZeroDivisionError: division by zero
print("never")
#> · not run

#: run stale
def half(n):
    return n / 2


half(3)
#> → 1.5
print("now")
#> → now
