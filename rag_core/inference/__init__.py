"""Transformers run on a CPU by OpenVINO, built from safetensors without torch; other encoders by torch."""
