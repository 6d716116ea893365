"""A small invented world of suppliers and libraries, and the show that runs the whole job on it.

`world` makes partners and declaration files out of a seed; `show` puts them on a loopback SFTP server, runs
real passes, and tells what came of it. Every name is invented; the titles are in the public domain.
"""
