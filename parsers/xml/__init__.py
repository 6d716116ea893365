"""XML declarations, version 1.0: one machine that reads them and knows where it is.

walk    markup by markup, by expat: bytes, lines, columns, paths
bulk    whole invoices of which there is nothing to say, by one expression
values  how a field's value is read and written
faults  what the XSD says of an element that bulk does not take
reader  bytes into Header, Invoices, Findings
places  where in the bytes a finding points
"""
