"""Test support for this package and its users: builders and fake servers, no mocks."""
