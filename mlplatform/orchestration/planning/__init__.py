"""Which partitions depend on which, what they were made of, and so which must run again."""
