"""Report API: the JSON edge of analytics, for machines."""
