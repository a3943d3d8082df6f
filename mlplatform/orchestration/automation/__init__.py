"""What starts runs by itself and what tells people: schedules, sensors, alerts; all start stopped."""
