"""The servers and processes of a service on one machine, started and watched by one parent."""
