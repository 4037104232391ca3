"""The recorder: three lines around the steps of your own pipeline.

shapes     passages in whatever form a framework returns them
meanings   spaces and directions of scores
recording  one run while it is recorded
record     `rag_core.record`: with, async with, decorator
delivery   hands finished runs to a file or a collector, in the background
"""
