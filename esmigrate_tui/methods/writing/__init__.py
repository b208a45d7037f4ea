"""Writing to the destination, whatever the documents were read from."""
