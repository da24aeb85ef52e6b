"""The intake of interaction events: every one judged, acknowledged only once it is safe."""
