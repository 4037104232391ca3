"""Fine-tune a cross-encoder on your own judgments."""
