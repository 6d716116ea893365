"""The ground of the house, which knows no scheme: the desk and its home, the database, the ledger, partners, periods.

Whatever a scheme brings comes in as a value (`edi.core.scheme`) or is posted as claims (`edi.core.ledger`).
"""
