"""The AWS resource plugin for this machine: the types of this stack, served by the emulator, checked by AWS's own service models."""
