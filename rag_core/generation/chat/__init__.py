"""Chat models behind OpenAI's API: which one, one request, its stream, its price and its errors."""
