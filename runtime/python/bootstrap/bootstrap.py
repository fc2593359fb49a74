"""Entry point. Small, because a start script is never cached as byte code."""
# Imported before the search path is set up, so that neither the function nor a layer can shadow it.
from pellicle_runtime.main import main

# A process that the function starts with multiprocessing reads this file, too, and is no runtime.
if __name__ == "__main__":
    main()
