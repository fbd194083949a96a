"""What AWS refuses and moto takes: before each call, as far as a stack like this can meet it, and it is cheap to tell.

The codes are AWS's (botocore names them for each operation, which a test holds). The words are AWS's where they are
public; else they say what AWS's reference says.
"""

from headroom.local.moto_extension.refusals import alarms, clusters, groups, networks, proxies, scaling, subscriptions


def install() -> None:
    """Put the checks before moto's operations. After everything that replaces one."""
    for subject in (networks, groups, clusters, proxies, subscriptions, scaling, alarms):
        subject.install()
