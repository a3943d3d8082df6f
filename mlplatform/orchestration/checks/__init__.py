"""Checks as Dagster sees them: of bars, of causality, of the champion to be."""
