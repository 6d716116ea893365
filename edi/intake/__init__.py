"""Taking in: from a link's folder to a verdict, the facts booked, and answers at the partner's.

Outwards in: `running`, `pipeline` (one pass), `exchange` (one link) and `holding`; then one file: `taking`, which
asks its scheme to judge and to book it; what is sent back: `answers`, `correcting`; `quarantine`, `links`, `status`.
"""
