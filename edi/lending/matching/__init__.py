"""Reconciling: which two declarations tell of one sale, what a person decides of it, and what follows in the ledger.

`match_table` keeps the narrow match table, `scope` says what a pass looks at, `reconciling` is the pass; `deciding`, `why`;
`waiting` and `estimating` are of what stays alone. The rules themselves are in `edi.lending.rules`.
"""
