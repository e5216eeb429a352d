"""Tables of chunks or of documents, whatever file or object holds them → a store."""
