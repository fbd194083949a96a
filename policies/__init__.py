"""What is refused: a Pulumi policy pack. `rules/` has one rule a file; `reading/` finds things in a stack."""
