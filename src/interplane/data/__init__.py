"""The data plane: tables, dataset versions, profiles, schemas, checks."""
