"""Index from the source: files of this machine, or what other clients send, become documents."""
