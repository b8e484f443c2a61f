"""The consumer's pages on the ground floor."""
