"""The chat: a front end that consumes the events of turns. Holds no behaviour of the agent."""
