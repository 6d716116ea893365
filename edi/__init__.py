"""Floor 2: decides and remembers; talks to people. Imports parsers, spool and schemas, never the other way.

cli  >  acts  >  intake  >  schemes  >  lending (books, matching, booking, rules)  >  directory  >  core
"""
