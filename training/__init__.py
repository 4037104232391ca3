"""How a reranker is made: data -> mined groups -> training -> choosing -> calibration -> a folder that loads."""
