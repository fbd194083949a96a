"""Figures, each with the command that it belongs to: `make bench`. Never asserted: they say what this machine does."""
