"""Stands in for the AWS SDK: writes what is stored to the function's log."""


class Anything:
    def __getattr__(self, name):
        return Anything()

    def __call__(self, *positional, **named):
        body = named.get("Body", named.get("Item"))
        if body is not None:
            print("stored", body)
        return Anything()

    def __getitem__(self, name):
        return Anything()


client = resource = Anything()
