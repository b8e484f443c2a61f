"""Whether a lender's test endpoint does what its adapter counts on: `manage.py lender_check SLUG`."""
