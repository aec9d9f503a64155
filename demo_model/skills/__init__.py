"""What can be done with a text without understanding it: counting, sorting, converting, recalling. Pure."""
