"""Floor 0: what things look like. Types, codes, record layouts, XSDs; no input, no output, no clock.

Everything above may import from here; nothing here imports from above.
"""
