"""The JSON edge of analytics: reports for machines."""
