"""The questions: queryset in, queryset out."""
