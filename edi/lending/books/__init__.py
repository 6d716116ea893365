"""What an accountant signs: the ledger proved and sealed, double entry, statements, distribution, closing, letters.

Everything here is read out of facts that others posted; nothing here decides what is owed.
"""
