"""Reconciling: which two declarations tell of one sale, what a person decides of it, and what follows in the ledger.

`twins` keeps the narrow match table, `looking` says what a pass looks at, `reconciling` is the pass; `deciding`, `why`;
`waiting` and `estimating` are of what stays alone. The rules themselves are in `edi.lending`.
"""
