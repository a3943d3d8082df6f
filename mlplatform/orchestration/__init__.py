"""Dagster: assets, checks, partitions, IO, planner, schedules."""
