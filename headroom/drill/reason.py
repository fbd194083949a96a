"""An error of the machine's or the database's, as one line for the user."""

import shutil

import asyncpg


def reason(error: Exception) -> str:
    """Its first line; of a file, with the file."""
    if isinstance(error, shutil.Error):  # a list of (from, to, why)
        source, _, why = error.args[0][-1]
        return f"{source}: {why}"
    if isinstance(error, OSError) and error.filename and error.strerror:
        return f"{error.filename}: {error.strerror}"
    if isinstance(error, asyncpg.DiskFullError):
        return f"the disk is full: {error.args[0]}"
    return str(error).partition("\n")[0] or type(error).__name__
