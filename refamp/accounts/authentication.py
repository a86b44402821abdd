"""Who calls the API."""

from rest_framework.authentication import BaseAuthentication
from rest_framework.authentication import SessionAuthentication as SessionAuthentication


class TokenAuthentication(BaseAuthentication):
    def authenticate(self, request):
        return None
