"""The reply desk: answers to letters, cases, promises and the advocate."""
