"""Ground floor: database, time, text, secrets, files and work queues; knows nothing of schools, notices or requests."""
