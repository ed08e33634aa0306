"""Endpoints for programs: provider events, redemption calls, health checks."""
