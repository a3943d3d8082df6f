"""Two studies side by side: differences with intervals, the trades they share and do not."""
