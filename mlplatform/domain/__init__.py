"""The nouns of the platform: instruments, series, periods, tables, errors."""
