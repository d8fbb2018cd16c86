"""An exit ends the run and says with which code; the editor and the variables live on."""

#: run file
import sys
n = 3
sys.exit(n)
#> ■ exit 3
print("never")
#> · not run

#: run statement 2
import sys
n
#> ↷ 3 (out of order)
sys.exit(n)
#> ~ exit 3
print("never")

#: run stale
import sys
n = 3
n
#> → 3
print("at last")
#> → at last
