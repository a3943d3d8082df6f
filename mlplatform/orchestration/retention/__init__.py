"""What may go: old runs, superseded models, files that nothing refers to; and what never does."""
