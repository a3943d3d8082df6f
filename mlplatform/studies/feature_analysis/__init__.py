"""What each model input says about the outcome of candidates, how lasting, and how much twice."""
