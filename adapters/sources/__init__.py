"""Where papers come from: the Hugging Face Hub, files, and the bundled sample."""
