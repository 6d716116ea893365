"""What declarations of the lending right look like: layout, code lists, outcomes, status files, rates of VAT."""
