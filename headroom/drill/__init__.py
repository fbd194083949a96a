"""The drill: the outage on a real PostgreSQL on this machine, and the same sale survived.

`headroom.drill.cli` is the command. One run: `scenario` (what happens) + `limits` (the stack's, scaled to this machine)
-> `server` and `proxy` -> `fleet` under `load`, watched by `sampler` -> `results` -> `report`.
"""
