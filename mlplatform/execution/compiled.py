"""The two ways in which functions of this room are compiled."""

from numba import njit

compiled = njit(cache=True, nogil=True, error_model="numpy")
"""Compiled on first use, kept on disk, free of the interpreter lock; strict IEEE arithmetic."""

inlined = njit(cache=True, nogil=True, error_model="numpy", forceinline=True)
"""The same, but always merged into its caller: for what runs on every bar."""
