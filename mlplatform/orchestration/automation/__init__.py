"""What starts runs by itself, and what tells people; all of it starts stopped."""
