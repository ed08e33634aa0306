"""Imports of CSV files of subscribers."""
