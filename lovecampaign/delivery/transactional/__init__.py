"""Transactional mail: confirmations, replies and welcomes."""
