"""Sentiment rules for sentences from reviews, editorials and tweets, written after reading the training split only."""

from weaklabel import ABSTAIN, keywords, labeling_function, regex

CLASSES = ("negative", "positive")
NEGATIVE, POSITIVE = 0, 1

PRAISE = """amazing awesome beautiful best brilliant charming delightful enjoyable excellent fantastic fun great
    hilarious impressive love loved perfect terrific wonderful""".split()
BLAME = """awful bad boring bland broken cheap clumsy defective dull fails hate horrible lame mess pointless poor poorly
    stupid sucks terrible tedious worst""".split()
HARM = ["attack", "crisis", "death", "deaths", "killed", "lost", "scandal", "threat", "violence", "war", "wrong"]
GOOD_NEWS = ["better", "fair", "freedom", "help", "helped", "honest", "hope", "peace", "progress", "success", "win"]

praise = keywords("praise", PRAISE, POSITIVE)
blame = keywords("blame", BLAME, NEGATIVE)
harm = keywords("harm", HARM, NEGATIVE)
good_news = keywords("good_news", GOOD_NEWS, POSITIVE)
handy = keywords("handy", ["easy to use", "works great", "highly recommend", "well worth", "happy with"], POSITIVE)
complaint = keywords(
    "complaint", ["tech support", "problem", "problems", "returned", "refund", "waste", "stopped"], NEGATIVE
)
smiley = regex("smiley", r"[:;=]-?[)D]|<3|\bxx+\b", POSITIVE)
frown = regex("frown", r"[:;=]-?\(|[:=]-?/(?!/)|\bD:", NEGATIVE)
thanks = regex("thanks", r"(?i)\bthank(?:s|ful)?\b|\bcongrat|\bhappy birthday\b|\byay\b", POSITIVE)
negated_praise = regex(
    "negated_praise", r"(?i)\b(?:not|isn't|never|hardly|n't) (?:very |that |so )?(?:good|funny|great|work)", NEGATIVE
)
too_much = regex("too_much", r"(?i)\btoo (?:\w+ )?(?:much|long|slow|small|many|late|little)\b", NEGATIVE)


@labeling_function()
def exclaims(x):
    """A sentence that ends in an exclamation mark and denies nothing is mostly glad."""
    denies = any(word in x.text.lower() for word in (" no ", " not ", "n't", "never", "why"))
    return POSITIVE if x.text.rstrip().endswith("!") and not denies else ABSTAIN
