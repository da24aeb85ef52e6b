"""The main job, once, end to end: shoppers, picks, the night's load, the manager's answers."""
