"""Words of letters and pages: one TOML file for each language, and CLDR's rules."""
