from web import App as Chalice, BadRequestError
