"""Move data into a new Elasticsearch cluster, with proof that nothing was lost."""
