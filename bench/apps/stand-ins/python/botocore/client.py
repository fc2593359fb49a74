class Config:
    def __init__(self, **named):
        pass
