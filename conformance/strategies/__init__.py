"""Hypothesis strategies for what a legal server or client may send."""
