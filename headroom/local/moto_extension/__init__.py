"""What moto 5.2.5 lacks or gets wrong, as far as this stack meets it. `install()` changes moto's classes in place.

moto finds an operation by its method's name, and writes the answer by botocore's model, so an operation is a function.
"""

from headroom.local.moto_extension import databases, proxies, refusals, services


def install() -> None:
    """Add what is missing, and mend what is wrong. Imports the services it changes: over a second."""
    proxies.install()
    databases.install()
    services.install()
    refusals.install()
