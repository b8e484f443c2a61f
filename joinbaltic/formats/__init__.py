"""How the admin writes dates: short, so that tables fit; and how it reads them: as it writes them, and ISO
8601. Pages of consumers use includes/day.html."""
