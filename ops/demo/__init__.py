"""The demo's three shops: who works there, what lies in their trays, and a month of bills, made by the real services."""
