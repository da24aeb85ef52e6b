"""The manager's report: what one business day came to, on a page."""
