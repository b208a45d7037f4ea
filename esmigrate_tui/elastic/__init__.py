"""The wire: every request to a cluster goes through here, and nothing else of this program imports `elasticsearch`."""
