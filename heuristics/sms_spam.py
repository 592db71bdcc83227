"""Spam rules for text messages, written after reading messages of the training split only."""

from weaklabel import ABSTAIN, keywords, labeling_function, regex

CLASSES = ("ham", "spam")
HAM, SPAM = 0, 1

# What spam asks for, promises and must print by law.
premium_number = regex("premium_number", r"\b0(?:8|9)\d{2}\s?\d{3,}", SPAM)
short_code = regex("short_code", r"(?i)\b(?:to|on|2)\s+(?:no:?\s*)?[68]\d{4}\b", SPAM)
price = regex("price", r"(?i)£\s?\d|\b\d+\s?p(?:/|pm|\b\s?per)|\bppm\b|\bgbp\b", SPAM)
prize = keywords("prize", ["prize", "winner", "won", "awarded", "reward", "jackpot", "guaranteed", "voucher"], SPAM)
claim = keywords("claim", ["claim", "claim code", "valid 12hrs", "redeemed", "un-redeemed"], SPAM)
small_print = regex("small_print", r"(?i)\bt\s?&\s?c|\bts&cs|\bpo\s?box|\b1(?:6|8)\s?\+|\bopt\s?out\b", SPAM)
stop_to_leave = regex("stop_to_leave", r"(?i)\b(?:txt|text|reply|send)\s+stop\b|\bunsub", SPAM)
link = regex("link", r"(?i)https?://|www\.|\.co\.uk|\.com/", SPAM)
handset = keywords("handset", ["ringtone", "ringtones", "polyphonic", "nokia", "camcorder", "tones", "bluetooth"], SPAM)
dating = keywords("dating", ["dating service", "chat line", "sexy singles", "fancy you", "fancies you"], SPAM)
urgent_call = regex("urgent_call", r"(?i)\burgent\b|\bcall (?:now|free|us)\b|\blandline\b|\bplease call\b", SPAM)

# How friends write.
endearment = keywords("endearment", ["dear", "babe", "darling", "my love", "miss you", "mum", "dad", "bro"], HAM)
singlish = keywords("singlish", ["lor", "lah", "leh", "wat", "den", "haha", "lol", "gonna", "wanna", "dun", "juz"], HAM)
first_person = regex("first_person", r"(?i)\bi(?:'m|'ll|'ve| am| will| was| have| think| don'?t| know)\b", HAM)
small_talk = keywords(
    "small_talk", ["ok", "okay", "sorry", "thanks", "yeah", "yup", "good night", "good morning", "home", "lunch"], HAM
)
when_and_where = regex("when_and_where", r"(?i)\b(?:where|when|what|why|how) (?:are|r|is|did|do|u|you)\b", HAM)
hidden_number = keywords("hidden_number", ["&lt;#&gt;", "&lt;decimal&gt;"], HAM, whole_words=False)


@labeling_function()
def short_and_plain(x):
    """Advertisers pay by the message and fill it; friends do not."""
    return HAM if len(x.text) < 60 and not any(sign.isdigit() for sign in x.text) else ABSTAIN


@labeling_function()
def digits_and_shouting(x):
    """Many digits and several words in capitals."""
    words = x.text.split()
    shouted = sum(word.isupper() and len(word) > 2 for word in words)
    return SPAM if sum(sign.isdigit() for sign in x.text) >= 8 and shouted >= 2 else ABSTAIN
