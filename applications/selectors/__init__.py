"""The ground floor's only readers of people."""
