"""Words so common that a topic of them alone drowns its reader. Written by hand; lemmas and frequent forms, folded."""

_RUSSIAN = """
а без более больше будет будто бы был была были было быть в вам вас ваш весь видеть во вот время все всегда всего всех всю вся
вы где год говорить город да давать дать два делать дело день деньги для до дом другой его ее если есть еще жизнь жить за знать
и из или им иметь их к каждый как какой когда компания который кто куда ли лучше люди магазин место много может можно мой мочь
мы на над надо нам нас наш не нет ни но новый нужно о об один он она они от очень первый по под пойти пока понимать после
последний потом потому при про просто прийти работа работать раз россия рубль рука с сам самый свой себя сделать сейчас сказать
слово со стать страна так также такой там тебя тем теперь то тогда тоже только тот ты у уже хороший хорошо хотеть хотя цена
человек чем через что чтобы эта эти это этот я товар сайт купить новость вопрос проблема система мир россиянин москва день банк
клиент заказ доставка сервис услуга реклама скидка акция продукт качество
"""
_ENGLISH = """
a about after all also am an and any are as at back be because been but by can come could day did do does even first for from
get give go good had has have he her him his how i if in into is it its just know like look make man many me more my new no not
now of on one only or other our out over people say see she so some take than that the their them then there these they thing
think this time to two up us use was way we well were what when which who will with work would year you your company price shop
store product service order delivery customer quality sale ad news site best free buy
"""

COMMON_WORDS = frozenset((_RUSSIAN + _ENGLISH).split())
