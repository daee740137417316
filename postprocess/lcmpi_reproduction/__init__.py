"""Both published solutions of the exercise again: their archived figures beside runs of lcmpi by their rules."""
