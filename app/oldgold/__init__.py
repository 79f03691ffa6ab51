"""Owns old gold: bought from customers by voucher, lying in lots, molten into bars."""
