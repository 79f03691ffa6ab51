"""Owns the schema's two histories and what runs them over the fleet; README.md says how to add a step."""
