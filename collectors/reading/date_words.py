"""Words that dates are written with: months, weekdays, fillers, zones and relative words, in the languages we read.

Forms are those seen on pages: full, declined and abbreviated. One table serves all languages, since hardly a form of one is
another month elsewhere; the Croatian and Polish `listopad` (October, November) reads as November.
"""

from __future__ import annotations

import re
from datetime import timedelta

_MONTH_FORMS = """
1 january jan январь января янв січень січня січ студзень студзеня студз януари ян јануар januar jänner janvier janv
  enero ene janeiro gennaio gen januari styczeń stycznia sty leden ledna ocak oca tammikuuta tammikuu ianuarie január
  ιανουαρίου қаңтар يناير
2 february feb февраль февраля фев февр лютий лютого лют люты лютага февруари фебруар februar février févr fév febrero
  fevereiro fev febbraio febbr februari luty lutego únor února şubat şub helmikuuta helmikuu februarie február
  φεβρουαρίου ақпан فبراير
3 march mar март марта мар берєзня березень березня бер сакавік сакавіка сак märz mrz mär mars marzo março maart mrt
  marzec marca březen března mart maaliskuuta maaliskuu martie március μαρτίου наурыз مارس
4 april apr апрель апреля апр квітень квітня квіт красавік красавіка крас април avril avr abril abr aprile kwiecień
  kwietnia kwi duben dubna nisan nis huhtikuuta huhtikuu aprilie április απριλίου сәуір أبريل
5 may май мая травень травня трав мај травеня траўня тра mai mayo maio maggio mag mei maj květen května mayıs
  toukokuuta toukokuu május μαΐου мамыр مايو
6 june jun июнь июня июн червень червня черв чэрвень чэрвеня юни јун juni juin junio junho giugno giu czerwiec czerwca
  cze červen června haziran haz kesäkuuta kesäkuu iunie június ιουνίου маусым يونيو
7 july jul июль июля июл липень липня лип ліпень ліпеня юли јул juli juillet juil julio julho luglio lug lipiec lipca
  červenec července temmuz tem heinäkuuta heinäkuu iulie július ιουλίου шілде يوليو
8 august aug август августа авг серпень серпня серп жнівень жніўня жнів ағустос août aout agosto ago augustus sierpień
  sierpnia sie srpen srpna ağustos ağu augusti elokuuta elokuu augusztus αυγούστου тамыз أغسطس
9 september sep sept сентябрь сентября сен сент вересень вересня вер верасень верасня септември септембар septembre
  septiembre set setiembre setembro settembre wrzesień września wrz září eylül eyl syyskuuta syyskuu septembrie
  szeptember σεπτεμβρίου қыркүйек سبتمبر
10 october oct октябрь октября окт жовтень жовтня жовт кастрычнік кастрычніка октомври октобар oktober okt octobre
  octubre outubro out ottobre ott październik października paź říjen října ekim eki lokakuuta lokakuu octombrie
  október οκτωβρίου қазан أكتوبر
11 november nov ноябрь ноября ноя нояб листопад листопада лист лістапад лістапада ноември новембар novembre noviembre
  novembro listopad listopadu kasım kas marraskuuta marraskuu noiembrie νοεμβρίου қараша نوفمبر
12 december dec декабрь декабря дек грудень грудня груд снежань снежня декември децембар dezember dez décembre déc
  diciembre dic dezembro dicembre grudzień grudnia gru prosinec prosince aralık ara joulukuuta joulukuu desember des
  decembrie δεκεμβρίου желтоқсан ديسمبر
"""
MONTHS: dict[str, int] = {}
for _line in re.sub(r"\n  ", " ", _MONTH_FORMS).split("\n"):
    _number, _, _forms = _line.partition(" ")
    for _form in _forms.split():
        MONTHS.setdefault(_form, int(_number))

_WEEKDAY_FORMS = """
monday mon tuesday tue tues wednesday wed thursday thu thur thurs friday fri saturday sat sunday sun понедельник
вторник среда четверг пятница суббота воскресенье понедельника вторника среду пятницу субботу пн вт ср чт пт сб вс пнд
втр срд чтв птн суб вск воскресенья субботы пятницы среды четверга понеділок вівторок середа четвер пятниця субота
неділя нд панядзелак аўторак серада чацвер пятніца субота нядзеля montag dienstag mittwoch donnerstag freitag samstag
sonnabend sonntag mo di mi do fr sa so lundi mardi mercredi jeudi vendredi samedi dimanche lun mar mer jeu ven sam dim
lunes martes miércoles jueves viernes sábado domingo mié jue vie sáb dom segunda terça quarta quinta sexta feira seg
ter qua qui sex lunedì martedì mercoledì giovedì venerdì sabato domenica gio maandag dinsdag woensdag donderdag
vrijdag zaterdag zondag ma wo vr za zo poniedziałek wtorek środa czwartek piątek sobota niedziela pon wt śr czw pt sob
niedz pondělí úterý středa čtvrtek pátek neděle pazartesi salı çarşamba perşembe cuma cumartesi pazar måndag tisdag
onsdag torsdag fredag lördag söndag mandag tirsdag lørdag søndag понеделник вторник сряда четвъртък петък събота
неделя
"""
WEEKDAYS = frozenset(_WEEKDAY_FORMS.split())

_FILLERS = """
at on of the and in by to from o'clock published posted updated date дата опубликовано обновлено г года год г.р в во
на от часов р року рік о об г. ў у гадзіне de del la las el a à le les um uhr den der am vom às dia em il alle ore om
op van uur godz dnia v ve saat kl klo den год. рік. місяця est publié publicado veröffentlicht veröffentlich
aktualisiert h hs hrs time en : /
"""
PREPOSITIONS = frozenset(_FILLERS.split())

ZONES = {
    "UTC": "+0000", "GMT": "+0000", "UT": "+0000", "Z": "+0000", "EST": "-0500", "EDT": "-0400", "CST": "-0600", "CDT": "-0500",
    "MST": "-0700", "MDT": "-0600", "PST": "-0800", "PDT": "-0700", "ET": "-0500", "CT": "-0600", "MT": "-0700", "PT": "-0800",
    "BST": "+0100", "WET": "+0000", "WEST": "+0100", "CET": "+0100", "CEST": "+0200", "MEZ": "+0100", "MESZ": "+0200",
    "EET": "+0200", "EEST": "+0300", "MSK": "+0300", "МСК": "+0300", "JST": "+0900", "KST": "+0900", "IST": "+0530",
}  # fmt: skip

_DAY_WORDS = {
    0: "today сегодня сьогодні сёння heute aujourd'hui hoy hoje oggi vandaag dzisiaj dziś dnes bugün днес бүгін",
    1: "yesterday вчера вчора учора ўчора gestern hier ayer ontem ieri gisteren wczoraj včera dün кеше",
    2: "позавчера позавчора заўчора vorgestern avant-hier anteayer anteontem eergisteren przedwczoraj předevčírem",
}
_DAYS_AGO = {word: days for days, words in _DAY_WORDS.items() for word in words.split()}

_UNITS: tuple[tuple[str, timedelta], ...] = (
    (r"с(?:ек(?:унд[ыау]?)?)?|seconds?|secs?|sek(?:unden?)?|secondes?|segundos?|секунд[иу]?", timedelta(seconds=1)),
    (r"мин(?:ут[ыау]?)?|хв(?:илин[иу]?)?|minutes?|mins?|min(?:uten?)?|minutos?|хвілін[ыу]?", timedelta(minutes=1)),
    (r"ч(?:ас(?:а|ов)?)?|годин[иу]?|hours?|hrs?|h|stunden?|heures?|horas?|гадзін[ыу]?", timedelta(hours=1)),
    (r"д(?:ень|ня|ней|н)?|дні|днів|дзён|days?|tag(?:en|e)?|jours?|días?|dias?", timedelta(days=1)),
    (r"нед(?:ел[яьюи])?|тиж(?:день|ні|нів)|weeks?|wochen?|semaines?|semanas?", timedelta(weeks=1)),
)
_UNIT_OF = [(re.compile(rf"(?:{pattern})\.?", re.IGNORECASE), delta) for pattern, delta in _UNITS]
_AGO = re.compile(
    r"^\W*(?:vor|il y a|hace|há)?\s*(?P<number>\d{1,4}|an?|one|одну|один|одна|ein(?:er?|em)?|une?|una?)?\s*(?P<unit>[^\W\d_]+\.?)"
    r"\s*(?P<ago>ago|назад|тому|таму|atrás)?\W*$",
    re.IGNORECASE,
)


_DIGIT = re.compile(r"\d")
_PREFIX = re.compile(r"\W*(?:vor|il y a|hace|há)\b", re.IGNORECASE)
_LETTERS = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
# One of these is in every relative text that has no word for a day.
_AGO_WORDS = ("ago", "назад", "тому", "таму", "atrás", "vor", "il y a", "hace", "há")
_RELATIVE_WORDS = (*_AGO_WORDS, *_DAYS_AGO)

# In every name by which the data of scripts calls a date of publication.
SCRIPT_NAMES = (b"ublish", b"ublication", b"ub_date", b"ubdate", b"ub_Date", b"ubDate", b"created_at", b"createdAt")


def may_be_relative(text: str) -> bool:
    """Whether a text has anything of a date that is counted from another one: a number, or a word for it."""
    if _DIGIT.search(text):
        return True
    lower = text.lower().replace("’", "'")
    for word in _RELATIVE_WORDS:  # noqa: SIM110 asked very often: a generator takes twice as long
        if word in lower:
            return True
    return False


def relative_delta(text: str) -> tuple[timedelta, bool] | None:
    """How long ago a relative text says, and whether it says a time (not only a day); None when it is not relative."""
    lower = text.lower()
    words = _LETTERS.findall(lower)
    for word in words[:3]:
        days = _DAYS_AGO.get(word.replace("’", "'"))
        if days is not None and len(words) <= 5:
            return timedelta(days=days), False
    if not any(word in lower for word in _AGO_WORDS):
        return None
    match = _AGO.match(text)
    if not match or not (match["ago"] or _PREFIX.match(text)):
        return None
    number = int(match["number"]) if (match["number"] or "").isdigit() else 1
    for pattern, unit in _UNIT_OF:
        if pattern.fullmatch(match["unit"]):
            return unit * number, unit < timedelta(days=1)
    return None
