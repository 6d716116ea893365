"""The lending right's own rules: terms, checks, matching, remuneration. Pure: no database, no clock, no file."""
