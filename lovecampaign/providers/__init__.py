"""How mail leaves: one Protocol, several ways."""
