"""One connection budget, five guards: the model, and the tools around it."""
