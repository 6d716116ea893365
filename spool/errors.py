"""World trouble met by the spool, beside what `schemas.errors` says of links; in both languages."""

import errno
import os

from schemas.errors import EdiError, LinkError
from schemas.text import Both, Text


class DiskTrouble(EdiError):
    """Our own disk fails."""

    says = Both(
        "{path} : {why}. Rien n'est perdu : libérer de la place ou rétablir les droits, puis relancer.",
        "{path}: {why}. Nothing is lost: free some space or mend the permissions, then try again.",
    )


class TooBig(EdiError):
    """A file larger than its link takes."""

    says = Both(
        "{name} : plus de {limit} octets, laissé sur place. Le découper, ou relever max_bytes de la liaison.",
        "{name}: more than {limit} bytes, left where it is. Split it, or raise the link's max_bytes.",
    )


class Changed(EdiError):
    """A file that moved while it was read."""

    says = Both(
        "{name} : modifié ou retiré pendant la lecture. Repris au prochain passage.",
        "{name}: changed or removed while it was read. Taken again next pass.",
    )

    transient = True


class Missing(LinkError):
    """A folder of a link that is not there."""

    says = Both(
        "Liaison {link} : {path} n'existe pas. Vérifier les dossiers de la liaison.",
        "Link {link}: {path} does not exist. Check the link's folders.",
    )


class Refused(LinkError):
    """A server that does not let us do what is needed."""

    says = Both(
        "Liaison {link} : {what} refusé sur {path} ({why}). Vérifier les droits chez le partenaire.",
        "Link {link}: {what} refused on {path} ({why}). Check the permissions on the partner's side.",
    )


class Exists(LinkError):
    """A name that is taken; nothing was replaced."""

    says = Both(
        "Liaison {link} : {path} existe déjà, rien n'a été remplacé.",
        "Link {link}: {path} already exists, nothing was replaced.",
    )


class FingerprintDiffers(LinkError):
    """A server that shows another key than the one a person named."""

    says = Both(
        "Liaison {link} : le serveur montre {shown}, et non {expected}. Rien n'a été retenu.",
        "Link {link}: the server shows {shown}, not {expected}. Nothing was pinned.",
    )


_WHY = {
    errno.ENOSPC: Both("disque plein", "disk full"),
    errno.EDQUOT: Both("quota de disque atteint", "disk quota reached"),
    errno.EACCES: Both("accès refusé", "access denied"),
    errno.EPERM: Both("accès refusé", "access denied"),
    errno.EROFS: Both("disque en lecture seule", "read-only disk"),
    errno.ENOENT: Both("introuvable", "not found"),
    errno.EISDIR: Both("est un dossier", "is a folder"),
    errno.ENOTDIR: Both("n'est pas un dossier", "is not a folder"),
    errno.EIO: Both("erreur de lecture ou d'écriture du disque", "disk read or write error"),
    errno.EXDEV: Both("les dossiers ne sont pas sur le même disque", "the folders are not on one disk"),
}


def why(trouble: OSError) -> Text:
    """What the operating system said, in both languages where we know it, never a path or an argument.

    >>> why(OSError(errno.ENOSPC, "x", "/secret"))
    Both(fr='disque plein', en='disk full')
    """
    if trouble.errno is None:
        return type(trouble).__name__
    return _WHY.get(trouble.errno) or os.strerror(trouble.errno)
