"""What servers of six majors respond, as types by topic, and the pure way from there to facts."""
