"""Alembic's steps from one schema to the next; run by `database.py`, never by hand."""
