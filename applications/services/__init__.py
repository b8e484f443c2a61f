"""The ground floor's only writers. Every service takes an actor."""
