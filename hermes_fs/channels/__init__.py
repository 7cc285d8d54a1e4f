"""Places where people write to the agent, behind the Channel port."""
