"""Parameters that several acts of the lending right have."""

from typing import Annotated

from edi.core.act import Asked
from schemas.text import Both

Supplier = Annotated[str | None, Asked(Both("Un fournisseur.", "One supplier."), "GLN", gln=True)]
Library = Annotated[str | None, Asked(Both("Une bibliothèque.", "One library."), "GLN", gln=True)]
