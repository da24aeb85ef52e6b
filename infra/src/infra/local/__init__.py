"""The cloud on one machine: the same processes as on AWS, with no Docker, account or token."""
