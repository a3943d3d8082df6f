"""How one step is carried out: by whom, with how many threads, whose turn, and why it failed."""
