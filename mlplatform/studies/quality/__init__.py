"""How good the models were out of sample, against what was known before each window."""
