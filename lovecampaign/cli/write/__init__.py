"""Verbs for authors: ``new``, ``check``, ``preview``, ``plan``, ``schema``."""
