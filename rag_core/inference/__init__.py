"""Run transformers on a CPU: OpenVINO graphs built from safetensors, without torch; other encoders in torch."""
