"""Checks that only a restore from a snapshot needs, one file a topic."""
