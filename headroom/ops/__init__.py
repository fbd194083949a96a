"""Operations: what a stack does now, against what its budget says it may do.

Read-only, but for what says `apply` or `teardown`. Whatever cannot be read is said; the rest is answered all the same.
"""
