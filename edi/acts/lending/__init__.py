"""What is asked of the lending right: its cases, its ledger, its bills, its years."""
