"""Home, dashboard, search."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from refamp.base.doors import door, everyone


@door(everyone)
def home(request: HttpRequest) -> HttpResponse:
    return render(request, "lobby/home.html")
