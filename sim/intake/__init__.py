"""What people have, got in: registers, ledgers, hotline exports and monthly figures in the layouts that offices keep."""
