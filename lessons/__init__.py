"""What people open: the lessons, the command line that serves them, and their install."""
