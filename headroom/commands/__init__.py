"""The areas of the command line that look at stack files: no engine, no account, no network."""
