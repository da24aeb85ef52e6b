"""Domain-free tools: settings, AWS clients, clock, ids, errors, logs."""
