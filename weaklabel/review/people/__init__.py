"""What many people's answers say together, and what they say of the people."""
