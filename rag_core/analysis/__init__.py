"""What one run or many say: latency, cost, score distributions, agreement of two rankings."""
