"""The demo: three shops with people, stock and a month of bills, all made by the real services."""
