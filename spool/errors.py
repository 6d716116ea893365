"""World trouble met by the spool, beside what `schemas.errors` says of links; the docstring is the message."""

import errno
import os

from schemas.errors import EdiError, LinkError


class DiskTrouble(EdiError):
    """{path} : {why}. Rien n'est perdu : libérer de la place ou rétablir les droits, puis relancer.
    / {path}: {why}. Nothing is lost: free some space or mend the permissions, then try again."""


class TooBig(EdiError):
    """{name} : plus de {limit} octets, laissé sur place. Le découper, ou relever max_bytes de la liaison.
    / {name}: more than {limit} bytes, left where it is. Split it, or raise the link's max_bytes."""


class Changed(EdiError):
    """{name} : modifié ou retiré pendant la lecture. Repris au prochain passage.
    / {name}: changed or removed while it was read. Taken again next pass."""

    transient = True


class Missing(LinkError):
    """Liaison {link} : {path} n'existe pas. Vérifier les dossiers de la liaison.
    / Link {link}: {path} does not exist. Check the link's folders."""


class Refused(LinkError):
    """Liaison {link} : {what} refusé sur {path} ({why}). Vérifier les droits chez le partenaire.
    / Link {link}: {what} refused on {path} ({why}). Check the permissions on the partner's side."""


class Exists(LinkError):
    """Liaison {link} : {path} existe déjà, rien n'a été remplacé.
    / Link {link}: {path} already exists, nothing was replaced."""


class FingerprintDiffers(LinkError):
    """Liaison {link} : le serveur montre {shown}, et non {expected}. Rien n'a été retenu.
    / Link {link}: the server shows {shown}, not {expected}. Nothing was pinned."""


_WHY = {
    errno.ENOSPC: "disque plein",
    errno.EDQUOT: "quota de disque atteint",
    errno.EACCES: "accès refusé",
    errno.EPERM: "accès refusé",
    errno.EROFS: "disque en lecture seule",
    errno.ENOENT: "introuvable",
    errno.EISDIR: "est un dossier",
    errno.ENOTDIR: "n'est pas un dossier",
    errno.EIO: "erreur de lecture ou d'écriture du disque",
    errno.EXDEV: "les dossiers ne sont pas sur le même disque",
}


def why(trouble: OSError) -> str:
    """What the operating system said, in French where we know it, never a path or an argument.

    >>> why(OSError(errno.ENOSPC, "x", "/secret"))
    'disque plein (No space left on device)'
    """
    if trouble.errno is None:
        return type(trouble).__name__
    english = os.strerror(trouble.errno)
    french = _WHY.get(trouble.errno)
    return f"{french} ({english})" if french else english
