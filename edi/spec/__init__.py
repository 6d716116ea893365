"""The partners' specification, made from what production uses: layouts, XSDs, lists, catalogue, terms, writers.

`contents` gathers it all as one JSON-able document, `example` runs a worked one on the real road, `rendering` makes
Markdown and HTML of it. Prose stands in `templates/`, the words that tables lack in `words.toml`.
"""
