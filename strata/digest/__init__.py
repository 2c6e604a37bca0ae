"""What has changed since a date, for people who do not read marts."""
