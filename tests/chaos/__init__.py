"""What tests of bad days need: processes to kill, servers that outlive them, and evidence."""
