class Attr:
    def __init__(self, name):
        pass


Key = Attr
