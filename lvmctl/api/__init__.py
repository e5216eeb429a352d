"""What the names of the door do; the command line calls the same functions."""
