"""The one way in which functions of this room are compiled."""

from numba import njit

compiled = njit(cache=True, nogil=True, error_model="numpy")
"""Compiled on first use, kept on disk, free of the interpreter lock; strict IEEE arithmetic."""
