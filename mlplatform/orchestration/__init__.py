"""Dagster: assets with their checks and desks, planning, running, automation, retention."""
