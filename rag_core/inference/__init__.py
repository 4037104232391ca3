"""Transformers run on a CPU by OpenVINO, built from their safetensors: no torch, no transformers, no export."""
