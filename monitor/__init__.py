"""What the numbers say: indicators, the map of responses, diagnoses."""
