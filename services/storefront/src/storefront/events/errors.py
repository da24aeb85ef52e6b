"""What can go wrong with events that is not the event's fault."""

from fashion_kit.errors import TransientError


class LandingZoneUnavailableError(TransientError):
    """Raised when rejected events cannot be kept, or not be read."""

    def __init__(self) -> None:
        super().__init__("Rejected events can be neither kept nor read now. Try all of it again.")


class SpoolFullError(TransientError):
    """Raised when the stream is away and no more can wait on disk."""

    def __init__(self) -> None:
        super().__init__("The interaction stream does not answer, and no more can wait for it.")
