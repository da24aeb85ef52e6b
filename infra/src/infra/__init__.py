"""The cloud the shop runs on: CDK app, and the same on one machine."""
