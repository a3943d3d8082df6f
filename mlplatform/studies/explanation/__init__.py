"""Why one candidate was traded as it was: the chain from the raw row to the result."""
