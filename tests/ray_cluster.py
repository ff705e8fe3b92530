"""A Ray cluster of two workers on this machine, for tests: `python -m tests.ray_cluster FOLDER`.

It prints its address and runs until its standard input ends.
"""

from __future__ import annotations

import os
import sys


def main() -> None:
    """Start two nodes of one processor each and wait."""
    # In its own folder it also writes its address: that of all users need not be there.
    os.environ |= {"RAY_USAGE_STATS_ENABLED": "0", "RAY_AUTH_MODE": "disabled", "RAY_TMPDIR": sys.argv[1]}
    from ray.cluster_utils import Cluster

    # Ray takes 127.0.0.1 for the machine's address in its network, and would listen there.
    node = {"num_cpus": 1, "object_store_memory": 80 * 2**20, "node_ip_address": "127.0.0.2"}
    cluster = Cluster(initialize_head=True, head_node_args=node | {"include_dashboard": False})
    cluster.add_node(**node)
    print(cluster.address, flush=True)
    sys.stdin.read()
    cluster.shutdown()


if __name__ == "__main__":
    main()
