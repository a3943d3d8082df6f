"""Trades and equity into numbers."""
