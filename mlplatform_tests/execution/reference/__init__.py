"""A slow, obvious engine written from docs/execution.md alone; it shares no code with ours."""
