"""What happened: bar validation, CME sessions, contract rolls, resampling."""
