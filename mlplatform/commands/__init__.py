"""What `mlplatform <command>` does, one file a command; `cli.py` only parses."""
