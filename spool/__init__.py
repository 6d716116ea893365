"""Floor 1: files at rest and in flight. Spool knows bytes and names, never what they declare.

    on the server:  depot --listing--> waiting --Settling--> complete --pull--> [received] --archive--> archive
    at home:        incoming (being fetched) --> received/<sha256>, copied to quarantine when refused
    answers:        outgoing/<link> --push--> retour

At rest and in flight are modules here; each transport is a folder (`sftp`, `local`), and `transports` names them all.
Only `schemas` stands below. Nothing on a server is moved, and nothing is replaced, before its bytes are
safe here: `pull` and `archive` are two calls, and the caller commits its receipt between them.
"""
