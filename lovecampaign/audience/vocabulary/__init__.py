"""Words of headings, values and file names in seven languages, as data."""
