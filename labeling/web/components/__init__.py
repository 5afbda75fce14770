"""Components: parts that several pages share."""
