"""The cellar: keys, envelopes, blind indexes. It knows nothing of loans or people."""
