"""What comes in through the web's forms."""
