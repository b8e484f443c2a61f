"""What browsers ask of the privacy floor."""
