"""Arrays in, predictions out: stop, entry and size models, tuning, calibration."""
