"""Owns the book of metal: every movement from one account to another, in grams gross, net, fine, and in cost."""
