"""How things are found in a stack: the engine's message, read once, as plain resources, links and budgets."""
