"""Whether bars can be trusted: one judgement a file, each pure, listed in `catalog`."""
