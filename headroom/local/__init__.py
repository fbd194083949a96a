"""The Pulumi engine and AWS on this machine: bootstrap, language host, AWS plugin, emulator, orchestration."""
