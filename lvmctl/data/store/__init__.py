"""The vector store on disk."""
