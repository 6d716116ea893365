"""The lending right's spreadsheets, as people keep them."""
