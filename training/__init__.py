"""How the shipped reranker was made: data -> mined groups -> training -> calibration -> a folder that loads."""
