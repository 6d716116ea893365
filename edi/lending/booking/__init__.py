"""Declarations of the lending right: read and checked under no lock, booked with their verdict, and what declarants are told."""
