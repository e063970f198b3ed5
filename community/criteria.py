"""By what a moderator decides on a link, and the reasons ready to be given. docs/moderators.md has them too."""

CRITERIA = (
    "Who is behind it is plain: a name, and a way to reach them.",
    "It is about this condition, or about living with a rare condition.",
    "It sells nothing to the people it is for, and says who pays for it.",
    "It promises no cure, and tells nobody to stop or change a treatment.",
    "It shows nothing private about a person who may not have agreed.",
    "It can be read without an account, over https, and somebody keeps it up to date.",
)

# By their names in forms; what is written in addition follows.
REASONS = {
    "about": "It is not about this condition, or about living with a rare condition.",
    "who": "It does not say plainly who is behind it.",
    "sells": "It sells something to the people it is for, or hides who pays for it.",
    "cure": "It promises a cure, or tells people to stop or change a treatment.",
    "private": "It shows something private about a person.",
    "known": "The same place is among the links already.",
    "gone": "It does not open, or is not kept up to date.",
}
