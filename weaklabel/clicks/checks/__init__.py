"""What a log can tell, and whether its users are as the estimators assume."""
