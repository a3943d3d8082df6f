"""What was knowable: a declared graph of causal features."""
