"""Gives every room's tests the database and the AWS endpoint."""

# The package first: its folder has the same name, which pytest would take for it.
import loadtest  # noqa: F401

pytest_plugins = ["infra.testing"]
