"""Predictions into order plans: ATR baseline, ML policy, sizing."""
