"""What an annotation server calls: a webhook that wakes the puller, and a model that pre-labels open tasks."""
