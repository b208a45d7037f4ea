"""The face: the only room that knows a terminal. Importing this package alone imports no Textual."""
