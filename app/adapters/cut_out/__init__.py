"""Cutting a piece out of its background: a trained model where its weights lie, the classical way where not."""

from app.adapters.cut_out.maker import CutOuts

__all__ = ["CutOuts"]
