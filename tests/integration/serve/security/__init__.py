"""Attacks on links, with harmless inputs."""
