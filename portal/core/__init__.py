"""Ground floor: database, time, text, languages, secrets, files, work queues; knows no schools, notices or requests."""
