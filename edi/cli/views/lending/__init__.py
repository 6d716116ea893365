"""How a terminal shows the cases and the money of the lending right."""
