"""The lenders floor's readers."""
