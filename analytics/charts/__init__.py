"""Where do the lines and bars of a drawing go? Places for SVG that templates write: no script draws."""
