"""One file a screen: its drawing as pure functions of frozen values, and the screen that shows it."""
