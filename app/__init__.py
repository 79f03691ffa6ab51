"""BoolaGold's application: domains, what they stand on (kit, adapters, tax, numbering, printing) and its faces."""
