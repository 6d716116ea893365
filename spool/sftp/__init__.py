"""Links over SFTP: the account, its host keys, logging in, the other side; and a server of our own on loopback.

Only `link` is read when settings are; paramiko, which takes its time to load, comes with the rest.
"""
