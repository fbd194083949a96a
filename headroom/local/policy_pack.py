"""Run a policy pack as the SDK does, and end it with the host that started it (`ENGINE_ADDRESS PACK_DIRECTORY`)."""

import runpy

from headroom.local.parent import end_with_parent

if __name__ == "__main__":
    end_with_parent()
    runpy.run_module("pulumi.policy", run_name="__main__", alter_sys=True)
