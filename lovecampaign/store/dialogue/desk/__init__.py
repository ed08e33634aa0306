"""The reply desk in SQL: waiting letters, answers, cases and exceptions to rules."""
