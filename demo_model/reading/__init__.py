"""Values in texts and in measured pictures, as the JSON that was asked for. Pure."""
