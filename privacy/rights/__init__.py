"""The rights of the GDPR, a module each, with one interface: preview, execute, prove."""
