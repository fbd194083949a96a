"""The AWS resource plugin for this machine: this stack's types on the emulator, checked by AWS's service models."""
