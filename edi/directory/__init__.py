"""The directory kept up: imports of partners with their dated facts, and referencing requests for GLNs not known.

Reading it is `edi.core.partners`; a change here says which invoices are reconciled again.
"""
