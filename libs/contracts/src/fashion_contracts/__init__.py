"""What crosses a process border: events, lake rows, the picks item."""
