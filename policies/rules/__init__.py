"""One rule a file; the file's name is the rule's id with underscores. `policies.pack` finds them."""
