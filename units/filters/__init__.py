"""What lists can be asked."""
