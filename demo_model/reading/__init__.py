"""What stands in texts: values as the JSON that was asked for, and what a person has told of themselves. Pure."""
