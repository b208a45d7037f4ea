"""Restore a snapshot: the destination takes whole indices back out of a repository."""
