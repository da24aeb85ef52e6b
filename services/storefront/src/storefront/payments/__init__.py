"""Payments: every attempt to pay, each settled once however often it is answered."""
