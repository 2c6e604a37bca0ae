"""What an edit of the seeds would do, before it does."""
