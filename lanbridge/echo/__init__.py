"""Echo endpoints with which a developer proves each path: HTTP, WebSocket, UDP."""
