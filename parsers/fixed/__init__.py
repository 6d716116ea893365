"""The fixed format, version 0100: records of 140 characters read, walked over and written."""
