"""Candidate trades from features, by rule."""
