"""The acts of the lending right: declarations drawn up, cases, the ledger, statements, years."""

from edi.acts.lending import billing, declaring, ledger, matching, years
from edi.core.act import Act

ACTS = (
    Act("new", declaring.new, role="declarant", home="none", notes=declaring.new_columns),
    Act("reconcile", matching.reconcile, role="accountant", writes=True),
    Act("why", matching.why),
    Act("decide accept", matching.judge, role="accountant", writes=True, fixed={"act": "accept"}),
    Act("decide reject", matching.judge, role="accountant", writes=True, fixed={"act": "reject"}),
    Act("decide settle", matching.judge, role="accountant", writes=True, fixed={"act": "settle"}),
    Act("decide undo", matching.undo, role="accountant", writes=True),
    Act("decide list", matching.decisions),
    Act("period list", years.periods),
    Act("period close", years.close, role="accountant", writes=True),
    Act("period reopen", years.reopen, role="accountant", writes=True),
    Act("certificate", billing.certificate),
    Act("silent", billing.silent, role="accountant", writes=True),
    Act("remind", billing.remind, role="accountant", writes=True),
    Act("estimate", billing.issue, role="accountant", writes=True, fixed={"estimates": True}),
    Act("close", years.close, role="accountant", writes=True),
    Act("ledger list", ledger.entries, role="accountant"),
    Act("ledger export", ledger.export, role="accountant", more=("fec",), form="csv"),
    Act("ledger balance", ledger.balance, role="accountant"),
    Act("ledger trial", ledger.trial, role="accountant"),
    Act("ledger verify", ledger.verify, role="accountant"),
    Act("ledger head", ledger.head, role="accountant"),
    Act("ledger key", ledger.key, role="accountant"),
    Act("statement issue", billing.issue, role="accountant", writes=True),
    Act("statement list", billing.listed, role="accountant"),
    Act("statement show", billing.show, role="accountant", more=("pdf",)),
    Act("distribute", years.distribute, role="accountant", writes=True),
)  # fmt: skip
