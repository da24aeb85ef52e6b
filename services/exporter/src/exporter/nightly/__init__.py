"""The night: one business day goes into the lake, and the ledger says so."""
