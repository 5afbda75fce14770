"""Round trips through other tools: the projects, how documents are compared, and one module per tool."""
