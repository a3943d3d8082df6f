"""Bars as vendors write them: containers, rows, dialects, clocks."""
