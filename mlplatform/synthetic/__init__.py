"""Seeded sessions whose truth is known."""
