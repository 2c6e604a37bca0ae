"""What the data of a build can and cannot say."""
