"""Releases: write a candidate, publish what the gate passed, compare, roll back, retain, verify, report.

A release is a directory that never changes after its rename into place; `current.json` is the one pointer.
"""
