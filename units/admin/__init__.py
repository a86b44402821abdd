"""The staff's door: reads all, writes only through actions."""
