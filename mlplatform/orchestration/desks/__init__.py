"""What assets do with their inputs, whatever they are called: windows, the market, a report."""
