"""Stories that lead through several rooms, told from outside."""
