"""Moves a shop to another shard while it trades: copy, catch up, verify, fence, switch, and the way back."""
