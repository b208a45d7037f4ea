"""What each step asks and does, without a screen: the screens and the plain way both walk by it. No Textual here."""
