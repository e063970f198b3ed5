"""Languages by their codes, as people call them in English."""

from django.conf import global_settings

# ISO 639: those that Django knows by name, without the variants of one country, and some that it does not.
LANGUAGES = dict(
    sorted(
        {
            **{code: name for code, name in global_settings.LANGUAGES if len(code) < 4},
            "am": "Amharic",
            "fil": "Filipino",
            "gu": "Gujarati",
            "ha": "Hausa",
            "ku": "Kurdish",
            "lo": "Lao",
            "mt": "Maltese",
            "ps": "Pashto",
            "si": "Sinhala",
            "so": "Somali",
            "yo": "Yoruba",
            "zh": "Chinese",
            "zu": "Zulu",
        }.items(),
        key=lambda pair: pair[1],
    )
)
