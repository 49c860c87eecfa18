"""The sample collection: pages printed from free texts on the first run, to be taken in like any other batch."""

from app.sample.render import render_sample

__all__ = ["render_sample"]
