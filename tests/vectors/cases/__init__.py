"""What the vectors are about: one module for each file, or for a few that belong together."""
