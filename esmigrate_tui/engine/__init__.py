"""RUNS: order, pace, waiting and stopping; the journal, the ledger, and the process that outlives the terminal."""
