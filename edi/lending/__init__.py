"""The lending right's own rules (CPI L133-1 to L133-4): terms, checks, matching, remuneration.

Pure: no database, no clock, no file. Nothing outside this room knows the 6 %.
"""
