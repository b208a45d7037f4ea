"""The nouns: frozen values with no I/O and no clock. Every other room may import this one; it imports none."""
