"""What every request passes before it reaches the service: pure ASGI, a few microseconds each."""
