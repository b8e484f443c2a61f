"""The consumer's pages on the lenders floor."""
