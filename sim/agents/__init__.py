"""The actors, one file each; institutions decide in their own methods, residents in kernels."""
