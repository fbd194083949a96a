"""Deployed against declared: every check, and whether the stack is ready for the sale."""

from headroom.ops.verify.check import Check
from headroom.ops.verify.report import Report, verify

__all__ = ["Check", "Report", "verify"]
