"""Questions over all of it: walk-forward comparison of policies."""
