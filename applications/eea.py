"""The European Economic Area: personal data go to no other country."""

EEA = frozenset(
    {
        "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IS", "IT",
        "LI", "LT", "LU", "LV", "MT", "NL", "NO", "PL", "PT", "RO", "SE", "SI", "SK",
    }
)  # fmt: skip
"""ISO 3166-1 alpha-2: the 27 member states of the European Union, Iceland, Liechtenstein and Norway."""
