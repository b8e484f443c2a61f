"""Copies of the two databases: making them, checking them, putting them back (docs/backups.md)."""
