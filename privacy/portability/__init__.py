"""The file that a person takes elsewhere (GDPR Art. 20): what is in it, its format, its signature."""
