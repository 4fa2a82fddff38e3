"""Ground floor: database, time, text, languages, secrets, files and work queues; knows nothing of schools, notices or requests."""
