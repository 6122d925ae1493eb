"""What people have, got in: registers, ledgers, hotline exports, monthly figures, as offices keep them."""
