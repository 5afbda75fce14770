"""Chart layout: where lines and bars of a drawing go, in SVG that templates write. No script draws."""
