"""What every domain stands on and no domain is: errors, money, time, ids, paging, edges, outbox, audit chain."""
