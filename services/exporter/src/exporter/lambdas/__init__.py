"""What AWS Lambda calls: parse, call the service, report."""
