"""The last step: an answer from the kept passages, extractive or by a chat model."""
