"""After an edit, what is above still holds; what is below is stale and says why."""

#: run file
price = 10
count = 3
total = price * count
total
#> → 30
print("sum", total)
#> → sum 30

#: edit
price = 10
count = 4
#> ~ (stale: edited since it ran)
total = price * count
#> ~
total
#> ~ 30
print("sum", total)
#> ~ sum 30

#: run toHere 3
price = 10
count = 4
total = price * count
total
#> ~ 30 (stale: what runs before it has changed)
print("sum", total)
#> ~ sum 30

#: run stale
price = 10
count = 4
total = price * count
total
#> → 40
print("sum", total)
#> → sum 40
