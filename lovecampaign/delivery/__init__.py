"""The sending loop: claim, render, send, settle."""
