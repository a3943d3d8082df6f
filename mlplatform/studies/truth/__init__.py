"""Whether the platform tells the truth about worlds whose truth is known."""
