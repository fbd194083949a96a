"""Operations: what a stack does now, against what its budget says it may do.

Read-only, but for what says `apply` or `teardown`. Whatever can't be read is said, and the rest is answered all the same.
"""
