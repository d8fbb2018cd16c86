"""A value stands beside its line, and so does what was printed; a `;` hides a value."""

#: open
x = 41
x + 1

#: run file
x = 41
x + 1
#> → 42
print("hello")
#> → hello
print("a", "b", sep="\n")
#> → a ⏎ b
x;
None
"A *string* on its own is Markdown."
#> → A *string* on its own is Markdown.
for i in range(2):
    print(i)
#> → 0 ⏎ 1
