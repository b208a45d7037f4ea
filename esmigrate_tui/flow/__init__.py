"""What each step asks, offers, decides and does, for any face: the wizard and the plain lines only draw and ask."""
