"""Verbs about people: ``subscribers``, ``buyers``, ``deals``."""
