"""Writers of other tools' files: each module knows one tool's shape, and says what that cannot hold."""
