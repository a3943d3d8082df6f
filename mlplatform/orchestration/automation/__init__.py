"""What starts runs by itself, and what tells people: schedules, sensors, alerts. All starts stopped."""
