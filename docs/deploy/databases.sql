-- Run by the postgres image when its volume is empty. POSTGRES_DB made the first database.
CREATE DATABASE joinbaltic_keys;
