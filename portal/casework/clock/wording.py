"""The sentences of the clock, for an office manager or a parent; `%(name)s` places are filled by the step."""

from portal.core.i18n import N_

RECEIVED = N_("Received %(received)s. The clock starts on that day, even if the school was closed.")
IDENTITY_CAME = N_(
    "On %(asked)s we asked for proof of identity or authority. It came on %(answered)s, "
    "so the clock starts on that day instead."
)
IDENTITY_AWAITED = N_(
    "On %(asked)s we asked for proof of identity or authority. It has not come, so the clock has not started."
)
IDENTITY_LATE = N_(
    "On %(asked)s we asked for proof of identity or authority, after the time had run out. "
    "That is too late to move the date."
)
IDENTITY_ELSEWHERE = N_(
    "On %(asked)s we asked for proof of identity or authority. For this kind of request that does not move the date."
)

MONTH = N_("One month from the start is %(end)s.")
SHORT_MONTH = N_("One month from the start is %(end)s: that month is shorter, so its last day counts.")
EXTENDED = N_(
    "Extended on %(extended)s, in time: the requester had to be told by %(notice)s. "
    "Three months from the start is %(end)s."
)
EXTENDED_IN_PAUSE = N_("Extended on %(extended)s, in time. Three months from the start is %(end)s.")
EXTENDED_LATE = N_(
    "Extended on %(extended)s, but the requester had to be told by %(notice)s. That is too late, so it adds nothing."
)
EXTENDED_IN_VAIN = N_(
    "Extended on %(extended)s, but the law lets nobody extend the time for a request of this kind, so it adds nothing."
)
NOTICE = N_(
    "If the request is complex, or one of several from the same person, the time can be extended. Tell the requester, "
    "with the reason, by %(notice)s at the latest and better a day before. No weekend or holiday moves that date."
)
BANK_HOLIDAY = N_("%(end)s is a bank holiday; next working day: %(due)s.")
WEEKEND = N_("%(end)s is at the weekend; next working day: %(due)s.")
AIM = N_(
    "Aim for %(aim)s: on the strictest reading the law’s time ends a day earlier, and no weekend or holiday adds to it."
)

PAUSE = N_(
    "On %(asked)s we asked what exactly is wanted, and the answer came on %(answered)s. "
    "Those two days and the days between do not count: %(days)d in all. That makes it %(end)s."
)
PAUSE_ONE_DAY = N_(
    "On %(asked)s we asked what exactly is wanted, and the answer came the same day. "
    "That day does not count. That makes it %(end)s."
)
PAUSE_PARTLY = N_(
    "On %(asked)s we asked what exactly is wanted, and the answer came on %(answered)s. "
    "Of those days, %(days)d were still to be left out. That makes it %(end)s."
)
PAUSE_NOTHING = N_(
    "On %(asked)s we asked what exactly is wanted, and the answer came on %(answered)s. "
    "Those days were not counted anyway, so this does not move the date."
)
PAUSE_OPEN = N_(
    "On %(asked)s we asked what exactly is wanted, and no answer has come. The clock stands still "
    "and goes on the day after the answer. Days left then: %(days)d."
)
PAUSE_LATE = N_(
    "On %(asked)s we asked what exactly is wanted, after the time had run out. That is too late to move the date."
)
PAUSE_BEFORE_LAW = N_(
    "On %(asked)s we asked what exactly is wanted. The law that stops the clock for this covers requests "
    "received from %(since)s on, so this does not move the date."
)
QUESTION_ELSEWHERE = N_(
    "On %(asked)s we asked a question about the request. Only a request to see personal information stops the clock "
    "while we wait, so this does not move the date."
)
QUESTION_FOI = N_(
    "On %(asked)s we asked a question about the request. To be safe this does not move the date. "
    "If the school truly could not tell what was wanted, the law may allow more time: ask the DPO."
)

DAY_ONE = N_("Received %(received)s. Day one is the next school day, %(first)s.")
SCHOOL_DAYS = N_(
    "School day %(count)d is %(end)s. Weekends, bank holidays, school holidays and INSET days are not counted."
)
NO_TERMS = N_(
    "No term dates are known, so every working day was counted as a school day. "
    "The true date may be later: enter the school’s term dates."
)
TERMS_MISSING = N_(
    "The term dates known do not cover the whole time, and each working day that they leave open was counted as a "
    "school day. The true date may be later: enter the missing term dates."
)
WORKING_DAYS = N_("Working day %(count)d is %(end)s. School holidays are counted here.")
FEWER_SCHOOL_DAYS = N_(
    "Up to then there are fewer than %(count)d school days, so %(due)s is the last day. "
    "The answer must be prompt, not just in time."
)
FIRST_OF_BOTH = N_("Whichever comes first is the last day, %(due)s. The answer must be prompt, not just in time.")
FOI_TERMS_MISSING = N_(
    "The term dates known do not cover the whole time. If the school is open on other days too, the answer is due "
    "sooner than %(due)s. Enter the missing term dates, and until then aim for %(aim)s."
)

COMPLAINT = N_(
    "Received %(received)s. Counted from the day after, day %(count)d is %(end)s. "
    "The complaint must be acknowledged by then, and looked into without undue delay."
)
COMPLAINT_AIM = N_(
    "Aim for %(aim)s: on the strictest reading the day of receipt counts too, and no weekend or holiday adds a day."
)
COMPLAINT_BEFORE_LAW = N_(
    "The duty to acknowledge a complaint covers those received from %(since)s on. For this one it is good practice."
)
BREACH_AWARE = N_("The school became aware on %(received)s.")
BREACH_WITHOUT_TIME = N_(
    "No time of day was given, so the hours count from the start of the day. Give the time to have the exact hour."
)
BREACH = N_(
    "%(count)d hours later is %(due)s; nights, weekends and holidays count. "
    "Report to the regulator by then, unless a risk to people is unlikely."
)
BREACH_CLOCKS_CHANGE = N_("The clocks change in between, so it is not the same time of day.")
WITHDRAWAL = N_(
    "Consent has ended with the withdrawal, and there is nothing to decide. "
    "Stop using the information at once, by %(due)s at the latest."
)
SERVICE = N_("The law sets no time for this. Our service answers within %(count)d working days: by %(due)s.")

ASK_TODAY = N_(
    "If we ask today what exactly is wanted, the clock stops today with %(days)d days left and goes on the day "
    "after the answer. An answer on %(answered)s would move the date from %(due)s to %(then)s."
)
ASK_CHANGES_NOTHING = N_("Asking today what exactly is wanted would not move the date.")
ASK_TOO_LATE = N_("The time has run out. Asking today what exactly is wanted would not move the date from %(due)s.")
ASK_NOT_STARTED = N_("The clock has not started, so there is nothing to stop. Asking today costs no time.")
ASK_ALREADY = N_("The clock is already standing still. Asking again keeps it so until that answer has come too.")
