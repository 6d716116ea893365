"""A small invented world of suppliers and libraries, and the show that runs the whole job on it.

`files/` holds what they send, the directory, and two tables: what was done to each file, and where each invoice must
stand. `show` puts the files on a loopback SFTP server, runs real passes, and tells what came of it.
"""
