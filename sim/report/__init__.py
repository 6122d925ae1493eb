"""Reports: what was asked, what came out, how sure it is, and what the model cannot say."""
