"""Carries a plan out: window by window here, or several at a time in processes of their own."""
