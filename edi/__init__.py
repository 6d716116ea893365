"""Floor 2: decides and remembers; talks to people. Imports parsers, spool and schemas, never the other way.

cli  >  pipeline  >  booking, reconciling, ledger, importing, partners, periods, answers  >  lending/  >  store  >  settings
"""
