"""The schema dialect."""
