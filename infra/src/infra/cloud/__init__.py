"""The cloud in an AWS account: what makes it, prepares it, and runs commands in it."""
