"""Front ends: each consumes one stream of events and adds no behaviour of the agent."""
