"""The privacy floor's readers."""
