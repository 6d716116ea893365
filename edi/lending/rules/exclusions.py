"""Which lines are validly excluded from the base: for the checks, for the books, and for SQL over the lines kept.

The supplier bears the burden of proof (Cass. 2017-09-20): a known code with evidence excludes a line, `MP` with the date its
contract was sent too; otherwise the line counts.
"""

from datetime import date

from schemas.lending import lists

#: The codes that take the date a public contract was sent for publication.
OF_CONTRACTS = frozenset({"MP"})


def is_excluded(code: str, evidence: str, contract_sent: date | str | None) -> bool:
    """Whether a line with this exclusion code and evidence, on an invoice with this contract date, is validly excluded.

    >>> is_excluded("SO", "BL-1", None), is_excluded("SO", "", None), is_excluded("MP", "M-1", None)
    (True, False, False)
    """
    return code in lists.EXCLUSIONS and bool(evidence) and (code not in OF_CONTRACTS or contract_sent is not None)


def _listed(codes: frozenset[str]) -> str:
    return ", ".join(map(repr, sorted(codes)))


#: The same of line `l` of invoice `i`.
EXCLUDED_SQL = (
    f"(l.exclusion IN ({_listed(lists.EXCLUSIONS)}) AND l.evidence <> '' "
    f"AND (l.exclusion NOT IN ({_listed(OF_CONTRACTS)}) OR i.contract_sent IS NOT NULL))"
)
