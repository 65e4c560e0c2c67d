from allauth.headless.tokens.strategies.sessions import SessionTokenStrategy


class DeviceTokenStrategy(SessionTokenStrategy):
    pass
