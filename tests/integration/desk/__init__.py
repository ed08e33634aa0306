"""Tests of the reply desk."""
