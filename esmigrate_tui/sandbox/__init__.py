"""Real Elasticsearch nodes on this machine, and sample data for them.

This room knows no other room of the package; only the commands and the tests know it.
"""
