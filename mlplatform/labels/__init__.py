"""What came next: the only room that looks ahead."""
