"""Layouts of other tools' exports, as data: one TOML file per tool, with its sources."""
