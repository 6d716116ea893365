"""The lending right (CPI L133-1 to L133-4), the first scheme: nothing outside rooms of its name knows a library or the 6 %.

`rules` are pure: the law's terms by date, the table of checks, when two declarations match, what is owed. `booking` takes
what was judged into the facts; `matching` brings the facts together and claims what they owe; `books` is what an accountant signs.
"""
