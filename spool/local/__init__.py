"""Links that are a folder of this machine, or a share mounted here."""
