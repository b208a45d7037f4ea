"""Reindex from remote: the destination pulls each index over HTTP with its own `_reindex`."""
