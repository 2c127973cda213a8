"""The demo market: an invented own brand and three rivals, the same on every machine for the same day.

Nothing here exists. Each fact is a pure function of the day, so any night can be played again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from hashlib import blake2b

FIRST_DAY = date(2026, 1, 1)  # nothing was published before


def draw(low: int, high: int, *key: object) -> int:
    """A number low..high that depends on the key alone."""
    value = int.from_bytes(blake2b(repr(key).encode(), digest_size=8).digest(), "big")
    return low + value % (high - low + 1)


def pick(options: tuple[str, ...], *key: object) -> str:
    return options[draw(0, len(options) - 1, *key)]


@dataclass(frozen=True, slots=True)
class Brand:
    """A shop with its channels."""

    key: str
    name: str
    host: str
    lang: str
    currency: str
    markup: str  # how its pages say what they sell: json-ld, microdata, opengraph, plain
    charset: str
    telegram: str
    app_id: int
    page_id: int  # of its ad account
    goods: tuple[tuple[str, int], ...]  # name, base price
    launch_day: int  # day of the month on which one more product appears


BRANDS = (
    Brand(
        "severny", "Северный лист", "severny-list.example", "ru", "RUB", "json-ld", "utf-8", "severny_list", 1700000101, 100000000000101,
        (("Иван-чай с брусникой", 420), ("Таёжный сбор", 380), ("Чёрный чай «Карелия»", 510), ("Зелёный чай с мятой", 450),
         ("Подарочный набор «Зима»", 1490), ("Чайник фарфоровый 0,6 л", 2350)), 12,
    ),
    Brand(
        "dvor", "Чайный двор", "chay-dvor.example", "ru", "RUB", "microdata", "windows-1251", "chay_dvor", 1700000102, 100000000000102,
        (("Улун молочный", 690), ("Пуэр «Старое дерево»", 1280), ("Ройбуш с апельсином", 340), ("Чай чёрный крупнолистовой", 299),
         ("Гайвань «Облако»", 1750)), 18,
    ),
    Brand(
        "kettle", "Leaf & Kettle", "leaf-kettle.example", "en", "GBP", "opengraph", "utf-8", "leafkettle", 1700000103, 100000000000103,
        (("Breakfast Blend 250 g", 9), ("Smoked Lapsang 100 g", 12), ("Cold Brew Citrus", 8), ("Glass Teapot 800 ml", 34),
         ("Sampler Box of Twelve", 27)), 9,
    ),
    Brand(
        "samovar", "Samovar House", "samovar-house.example", "en", "GBP", "plain", "iso-8859-1", "samovarhouse", 1700000104, 100000000000104,
        (("Caravan Tea 200 g", 11), ("Thyme and Honey Infusion", 7), ("Brass Samovar 3 l", 189), ("Travel Tin Set", 22)), 22,
    ),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Product:
    """A product as it is offered on one day."""

    brand: Brand
    number: int
    name: str
    price: Decimal
    old_price: Decimal | None
    is_available: bool
    rating: float
    rating_count: int

    @property
    def sku(self) -> str:
        return f"{self.brand.key[:2].upper()}-{1000 + self.number}"

    @property
    def path(self) -> str:
        return f"/p/{self.number}"


def products(brand: Brand, day: date) -> list[Product]:
    """What the shop sells on a day: prices move now and then, promotions cross the old price out, one product joins each month."""
    names = list(brand.goods)
    if day.day >= brand.launch_day:
        month = (
            ("Winter", "Spring", "Summer", "Autumn")[day.month % 12 // 3]
            if brand.lang == "en"
            else ("зимы", "весны", "лета", "осени")[day.month % 12 // 3]
        )
        names.append(
            (
                f"{month} Limited Edition" if brand.lang == "en" else f"Купаж {month}, ограниченный выпуск",
                15 if brand.lang == "en" else 790,
            )
        )
    return [_product(brand, number, name, base, day) for number, (name, base) in enumerate(names, 1)]


def _product(brand: Brand, number: int, name: str, base: int, day: date) -> Product:
    age = (day - FIRST_DAY).days
    steps = sum(1 for month in range(age // 30 + 1) if draw(0, 3, brand.key, number, "rise", month) == 0)
    price = (Decimal(base) * (Decimal("1.04") ** steps)).quantize(Decimal(1) if brand.currency == "RUB" else Decimal("0.01"))
    promo = draw(0, 27, brand.key, number, "promo", age // 28)
    is_promo = promo <= age % 28 < promo + 6 and draw(0, 2, brand.key, number, "has promo", age // 28) == 0
    old = price if is_promo else None
    if is_promo:
        price = (price * Decimal("0.8")).quantize(price)
    sold_out = draw(0, 11, brand.key, number, "stock", age // 4) == 0
    votes = 20 + draw(0, 40, brand.key, number, "votes") + age // 3
    return Product(brand, number, name, price, old, not sold_out, 3.9 + draw(0, 10, brand.key, number, "rating") / 10, votes)


@dataclass(frozen=True, slots=True)
class Post:
    """A post of a brand's channel, with the counters it shows on a day."""

    brand: Brand
    number: int
    at: datetime
    text: str
    link: str
    erid: str | None
    views: int
    reactions: int


_POSTS_RU = (
    "Новая партия «{good}» уже на полках. Заваривать пять минут, пить не торопясь.",
    "Скидка на «{good}» до конца недели. {other} такого пока не делали.",
    "Отвечаем на вопросы: чем сбор отличается от купажа и как хранить «{good}» зимой.",
    "Почему нам нравится «{good}»? Потому что он пахнет лесом, а не ароматизатором.",
    "Курьеры работают и в выходные. Заказали «{good}» в субботу, привезли в воскресенье.",
)
_POSTS_EN = (
    "Fresh batch of {good} has landed. Five minutes in the pot, no hurry in the cup.",
    "{good} is on offer until Sunday. We looked at what {other} charges and smiled.",
    "You asked how to store {good}: dark, dry and far away from the coffee.",
    "Why we love {good}: it smells of the garden, not of flavouring.",
    "Weekend deliveries are back. Order {good} on Saturday, drink it on Sunday.",
)


def posts(brand: Brand, day: date, days: int = 30) -> list[Post]:
    """The posts of the last days that a channel shows, oldest first; counters grow for about a week."""
    found = []
    for back in range(days, -1, -1):
        posted = day - timedelta(days=back)
        for turn in range(draw(0, 2, brand.key, posted, "posts")):
            at = datetime.combine(posted, time(8 + 4 * turn, draw(0, 59, brand.key, posted, turn)), UTC)
            good = brand.goods[draw(0, len(brand.goods) - 1, brand.key, posted, turn, "good")][0]
            other = pick(tuple(b.name for b in BRANDS if b is not brand), brand.key, posted, turn, "other")
            text = pick(_POSTS_RU if brand.lang == "ru" else _POSTS_EN, brand.key, posted, turn, "text").format(
                good=good, other=other
            )
            is_ad = draw(0, 5, brand.key, posted, turn, "ad") == 0 and brand.lang == "ru"
            if is_ad:
                text += "\nРеклама. ООО «Лист и ложка», ИНН 7707083893"
            grown = 1 - 0.6 ** (back + 1)
            views = int(draw(800, 9000, brand.key, posted, turn, "views") * grown)
            number = (posted - FIRST_DAY).days * 3 + turn + 1
            erid = (
                f"2Vtz{blake2b(f'{brand.key}{posted}{turn}'.encode(), digest_size=4).hexdigest().replace('0', 'q')}"
                if is_ad
                else None
            )
            found.append(
                Post(
                    brand,
                    number,
                    at,
                    text,
                    f"http://{brand.host}/p/1",
                    erid,
                    views,
                    max(1, views // draw(30, 90, brand.key, number)),
                )
            )
    return found


@dataclass(frozen=True, slots=True)
class Article:
    """An article of an invented outlet."""

    number: int
    at: datetime
    title: str
    paragraphs: tuple[str, ...]
    author: str
    section: str


@dataclass(frozen=True, slots=True)
class Outlet:
    key: str
    name: str
    host: str
    lang: str


OUTLETS = (
    Outlet("vestnik", "Вестник прилавка", "vestnik-prilavka.example", "ru"),
    Outlet("herald", "Counter Herald", "counter-herald.example", "en"),
)

_TITLES_RU = (
    "{a} открывает магазин на Лесной улице",
    "Покупатели жалуются на доставку: что отвечает {a}",
    "{a} и {b} спорят о цене на листовой чай",
    "Эксперты хвалят {a}: лучший купаж сезона",
)
_BODY_RU = (
    "Компания {a} сообщила об этом в пятницу. По словам представителя, решение готовили полгода.",
    "Рынок отреагировал сдержанно: {b} пока не меняет планов, а покупатели сравнивают цены.",
    "«Мы довольны качеством, но доставка снова опоздала», — рассказала постоянная покупательница.",
    "Аналитики напоминают, что спрос на листовой чай растёт третий год подряд.",
    "Осенью {a} обещает обновить ассортимент и снизить цены на подарочные наборы.",
)
_TITLES_EN = (
    "{a} opens a shop on Foundry Lane",
    "Customers complain about late parcels: {a} answers",
    "{a} and {b} argue over the price of loose leaf",
    "Tasters praise {a} for the best blend of the season",
)
_BODY_EN = (
    "{a} announced the move on Friday. A spokesperson said the decision had been half a year in the making.",
    "The trade reacted calmly: {b} keeps its plans for now, while shoppers compare prices.",
    "“The tea is excellent, but the parcel was late again,” a regular customer told us.",
    "Analysts note that demand for loose leaf has grown for the third year in a row.",
    "In autumn {a} promises a wider range and cheaper gift boxes.",
)


def articles(outlet: Outlet, day: date, days: int = 14) -> list[Article]:
    """What the outlet published in the last days, newest first."""
    found = []
    for back in range(days):
        posted = day - timedelta(days=back)
        for turn in range(draw(0, 2, outlet.key, posted, "articles")):
            a = pick(tuple(b.name for b in BRANDS), outlet.key, posted, turn, "a")
            b = pick(tuple(b.name for b in BRANDS if b.name != a), outlet.key, posted, turn, "b")
            is_ru = outlet.lang == "ru"
            title = pick(_TITLES_RU if is_ru else _TITLES_EN, outlet.key, posted, turn, "title").format(a=a, b=b)
            body = _BODY_RU if is_ru else _BODY_EN
            paragraphs = tuple(body[(turn + n + posted.day) % len(body)].format(a=a, b=b) for n in range(4))
            author = pick(
                ("Инна Верстакова", "Павел Ложкин") if is_ru else ("Nora Quill", "Amos Tinder"),
                outlet.key,
                posted,
                turn,
                "author",
            )
            at = datetime.combine(posted, time(6 + 5 * turn, 30), UTC)
            found.append(
                Article((posted - FIRST_DAY).days * 3 + turn, at, title, paragraphs, author, "Бизнес" if is_ru else "Business")
            )
    return found


@dataclass(frozen=True, slots=True)
class StoreReview:
    number: int
    at: datetime
    author: str
    stars: int
    title: str
    text: str
    version: str


def app_version(brand: Brand, day: date) -> tuple[str, datetime, str]:
    """Version, its release time and notes: a release about every twelve days."""
    age = (day - FIRST_DAY).days
    number = age // 12
    released = datetime.combine(FIRST_DAY + timedelta(days=number * 12), time(9, 20), UTC)
    notes = (
        ("Исправили корзину и ускорили поиск.", "Добавили отслеживание курьера.")
        if brand.lang == "ru"
        else ("Faster search and a mended basket.", "Track your parcel on the map.")
    )
    return f"{2 + number // 10}.{number % 10}.{draw(0, 3, brand.key, number)}", released, notes[number % 2]


_REVIEWS_RU = ((1, "Вылетает", "После обновления не открывается корзина."), (5, "Отлично", "Заказываю каждый месяц, всё приходит вовремя."),
               (3, "Нормально", "Чай хороший, но поиск неудобный."), (2, "Долго", "Курьер опоздал на два часа, поддержка молчит."),
               (4, "Хорошо", "Удобно, но не хватает избранного."))  # fmt: skip
_REVIEWS_EN = ((1, "Crashes", "The basket does not open after the update."), (5, "Lovely", "I order every month and it always arrives on time."),
               (3, "Fine", "Good tea, clumsy search."), (2, "Slow", "Parcel two days late and support is silent."),
               (4, "Nice", "Handy, though I miss a wish list."))  # fmt: skip


def reviews(brand: Brand, day: date, days: int = 40) -> list[StoreReview]:
    """The newest reviews of a brand's app, newest first."""
    found = []
    for back in range(days):
        posted = day - timedelta(days=back)
        for turn in range(draw(0, 2, brand.key, posted, "reviews")):
            options = _REVIEWS_RU if brand.lang == "ru" else _REVIEWS_EN
            stars, title, text = options[draw(0, len(options) - 1, brand.key, posted, turn, "review")]
            at = datetime.combine(posted, time(12 + turn, draw(0, 59, brand.key, posted, turn, "minute")), UTC)
            author = pick(
                ("чайник_7", "мята", "Ольга С.", "кот на окне")
                if brand.lang == "ru"
                else ("teapot7", "minty", "Ollie S.", "windowcat"),
                brand.key,
                posted,
                turn,
            )
            number = 13_000_000_000 + brand.app_id % 1000 * 100_000 + (posted - FIRST_DAY).days * 3 + turn
            found.append(StoreReview(number, at, author, stars, title, text, app_version(brand, posted)[0]))
    return found


@dataclass(frozen=True, slots=True)
class Advert:
    number: int
    brand: Brand
    title: str
    text: str
    started: date
    stopped: date


def adverts(brand: Brand, since: date, until: date) -> Iterator[Advert]:
    """Ads delivered in a period: a new one about every five days, each on air for four to twelve days."""
    for week in range((since - FIRST_DAY).days // 5 - 4, (until - FIRST_DAY).days // 5 + 1):
        if week < 0 or draw(0, 2, brand.key, "ad", week) == 0:
            continue
        started = FIRST_DAY + timedelta(days=week * 5 + draw(0, 4, brand.key, "ad day", week))
        stopped = started + timedelta(days=draw(4, 12, brand.key, "ad length", week))
        if started >= until or stopped < since:
            continue
        good = brand.goods[draw(0, len(brand.goods) - 1, brand.key, "ad good", week)][0]
        title, text = (
            (f"{good}: попробуйте", f"{brand.name} привезёт завтра.")
            if brand.lang == "ru"
            else (f"Try {good}", f"{brand.name} delivers tomorrow.")
        )
        yield Advert(700_000_000_000_000 + brand.page_id % 1000 * 10_000 + week, brand, title, text, started, stopped)


def discussions(day: date, days: int = 40) -> Iterator[tuple[int, datetime, str, str, str | None]]:
    """Posts and comments of a forum that speaks of the brands: id, time, author, text, title (None for a comment)."""
    for back in range(days):
        posted = day - timedelta(days=back)
        if draw(0, 2, "talk", posted) == 0:
            continue
        name = pick(("Leaf & Kettle", "Samovar House"), "talk", posted, "name")
        at = datetime.combine(posted, time(10, draw(0, 59, "talk", posted)), UTC)
        number = 49_000_000 + (posted - FIRST_DAY).days * 10
        author = pick(("brewster", "leafer", "potwatcher"), "talk", posted, "author")
        yield number, at, author, "", f"Show: tracking tea prices at {name}"
        mood = pick(
            ("works great, would buy again", "my parcel was broken and nobody answered", "is fine for the price"),
            "talk",
            posted,
            "mood",
        )
        yield number + 1, at + timedelta(hours=1), "kettlehead", f"I tried {name} last week: {mood}.", None
