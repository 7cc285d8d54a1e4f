"""The ground floor: types, events, ports, errors. Imports nothing of the floors above; no I/O except `config.load`."""
