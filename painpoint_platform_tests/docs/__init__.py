"""Documentation that is written from the code says what the code says."""
