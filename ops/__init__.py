"""What runs BoolaGold on one machine: the launcher's verbs, the local cluster, tools, assets and the supervisor."""
