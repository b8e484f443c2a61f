"""How the admin writes dates: short, so that tables fit. Pages of consumers use includes/day.html."""
