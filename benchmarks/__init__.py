"""Measured against the plain floor. Not tests: nothing here passes or fails."""
