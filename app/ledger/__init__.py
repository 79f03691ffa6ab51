"""Owns the account of each customer as it is read: what they owe and what the shop owes them, from the documents."""
