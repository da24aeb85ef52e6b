"""Gives every room's tests the database and the AWS endpoint."""

pytest_plugins = ["infra.testing"]
