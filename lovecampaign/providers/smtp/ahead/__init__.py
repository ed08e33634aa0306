"""Commands that are sent behind a final dot, before it is answered."""
