"""Helpers for the people who work on the project."""
