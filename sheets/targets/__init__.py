"""One file a face. Each reads the language; none reads another."""
