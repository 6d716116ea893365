"""The signed head of the ledger: how far it went on a day, and the hash that everything before it comes to.

Kept by somebody else (an auditor, a notary, a colleague's mailbox), it shows what the chain alone cannot: that the end
was cut off, or all of it made anew. Ed25519 (RFC 8032); keys as `edi ledger key`, `openssl genpkey -algorithm ed25519`
or `ssh-keygen -t ed25519` make them, never in the home: who alters a home must not be able to sign for it.
"""

from datetime import datetime
from pathlib import Path

import msgspec
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization as keys
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from schemas.errors import EdiError, NotAllowed, SettingsWrong, Unreadable
from schemas.text import Both
from spool import durable
from spool.errors import why


class HeadForged(EdiError):
    """A head that somebody else signed, or nobody."""

    says = Both(
        "{path} n'a pas été signée par cette clé : elle ne prouve rien.",
        "{path} was not signed by this key: it proves nothing.",
    )


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """Runs, entries and their sum in cents, as of `at` (Paris), and the hash of the last run; `beside`: of statements,
    estimates and distributions how many there are, and the hash of them. `signature` is in hex."""

    gln: str
    at: datetime
    runs: int
    entries: int
    remuneration_cents: int
    run_hash: str
    beside: dict[str, tuple[int, str]] = {}
    signature: str = ""

    def _signed(self) -> bytes:
        unsigned = msgspec.structs.replace(self, signature="")
        return b"edi ledger head 2\n" + msgspec.json.encode(unsigned, order="sorted")


#: The head of a ledger of which nobody signed one: everything holds that far.
NO_HEAD = Head(gln="", at=datetime.fromisoformat("2003-08-01"), runs=0, entries=0, remuneration_cents=0, run_hash="")


def make_key(path: Path, home: Path) -> Path:
    """A new private key in `path`, its owner's alone, and the public one beside it, whose path is returned."""
    public = path.with_name(f"{path.name}.pub")
    _outside(path, home)
    for taken in (path, public):
        if taken.exists():
            raise NotAllowed(
                why=Both(
                    f"{taken} existe déjà : une clé ne se remplace pas.",
                    f"{taken} exists already: a key is never replaced.",
                )
            )
    key = Ed25519PrivateKey.generate()
    private = key.private_bytes(keys.Encoding.PEM, keys.PrivateFormat.PKCS8, keys.NoEncryption())
    written = (private, key.public_key().public_bytes(keys.Encoding.PEM, keys.PublicFormat.SubjectPublicKeyInfo))
    for target, data in zip((path, public), written, strict=True):
        durable.write(target, data)
    return public


def sign(head: Head, path: Path, home: Path) -> bytes:
    """The head as a file, signed with the private key in `path`. Raises NotAllowed for a key that others can have."""
    _outside(path, home)
    key = _key(path)
    if not isinstance(key, Ed25519PrivateKey):
        raise SettingsWrong(
            path=path, why=Both("clé publique : signer demande la clé privée", "a public key cannot sign")
        )
    if path.stat().st_mode & 0o077:
        raise NotAllowed(
            why=Both(f"{path} est ouvert à d'autres : chmod 600 {path}", f"{path} is open to others: chmod 600 {path}")
        )
    signed = msgspec.structs.replace(head, signature=key.sign(head._signed()).hex())
    return msgspec.json.format(msgspec.json.encode(signed), indent=2) + b"\n"


def read(path: Path, key_path: Path) -> Head:
    """The head in `path`, signed by the key in `key_path`, public or private. Raises HeadForged, Unreadable, SettingsWrong."""
    key = _key(key_path)
    public = key.public_key() if isinstance(key, Ed25519PrivateKey) else key
    try:
        head = msgspec.json.decode(_bytes(path), type=Head)
        public.verify(bytes.fromhex(head.signature), head._signed())
    except (msgspec.MsgspecError, UnicodeError) as wrong:
        raise Unreadable(path=path, why=Both(f"pas une tête : {wrong}", f"not a head: {wrong}")) from wrong
    except (InvalidSignature, ValueError) as wrong:
        raise HeadForged(path=path) from wrong
    return head


def _outside(path: Path, home: Path) -> None:
    if path.resolve().is_relative_to(home.resolve()):
        raise NotAllowed(
            why=Both(
                f"{path} est dans {home} : qui peut changer le registre pourrait signer. Garder la clé ailleurs.",
                f"{path} is inside {home}: who can alter the ledger could sign for it. Keep the key elsewhere.",
            )
        )


def _bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(1 << 20)
    except OSError as wrong:
        raise Unreadable(path=path, why=why(wrong)) from wrong


def _key(path: Path) -> Ed25519PrivateKey | Ed25519PublicKey:
    """An Ed25519 key in PEM or OpenSSH's form."""
    data = _bytes(path)
    loaders = (
        keys.load_pem_public_key,
        keys.load_ssh_public_key,
        lambda data: keys.load_pem_private_key(data, None),
        lambda data: keys.load_ssh_private_key(data, None),
    )
    for load in loaders:
        try:
            key = load(data)
        except (ValueError, TypeError, UnsupportedAlgorithm):
            continue
        if isinstance(key, Ed25519PrivateKey | Ed25519PublicKey):
            return key
    raise SettingsWrong(
        path=path, why=Both("pas une clé Ed25519 sans mot de passe", "not an Ed25519 key without a passphrase")
    )
