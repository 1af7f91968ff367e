"""FastAPI: routes, problems and streams. Whatever is decided, is decided in the rooms below."""
