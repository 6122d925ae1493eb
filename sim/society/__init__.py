"""Who lives in a compound: households in columns, and the ties between neighbours."""
