"""A blog with a database behind its views."""
