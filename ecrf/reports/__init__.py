"""What a statistician reads: endpoints, efficacy, safety."""
