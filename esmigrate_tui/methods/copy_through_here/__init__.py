"""Copy through this machine: documents are read here and written there, as the bytes that they are."""
