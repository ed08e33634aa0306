"""Reading CSV files of any program."""
