"""The error that a user can do something about."""


class UserError(Exception):
    """A mistake or a lack outside the program: shown as its message alone, without a traceback; exit code 2.

    The message says where, what was found, and what to do instead.
    """
