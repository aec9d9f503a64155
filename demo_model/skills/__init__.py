"""What can be done with a text without understanding it: counting, sorting, calculating, converting. Pure."""
