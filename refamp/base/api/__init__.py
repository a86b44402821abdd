"""What every room's API is made of."""
