"""Where customers live and what they are called; all names of people are invented mixtures."""

from dataclasses import dataclass
from typing import Final

CHINA: Final = 0
UNITED_STATES: Final = 1
GERMANY: Final = 2
FRANCE: Final = 3
NOWHERE: Final = 4

COUNTRIES: Final = ("CN", "US", "DE", "FR", None)
COUNTRY_SHARES: Final = (0.80, 0.12, 0.074, 0.004, 0.002)
CURRENCIES: Final = ("CNY", "USD", "EUR")
COUNTRY_CURRENCY: Final = (0, 1, 2, 2, 0)
CNY_PER_UNIT: Final = (1.0, 7.2, 7.8)
"""Price level of each currency against the home currency."""
TAX_RATES: Final = (0.13, 0.07, 0.19, 0.20, 0.13)
HOURS_AHEAD: Final = (0, 12, 6, 6, 0)
"""How much later the business timezone is than the local time, in hours."""


@dataclass(frozen=True)
class Place:
    """A city of a region, with its weight among the places of its country."""

    country: int
    region: str | None
    city: str | None
    weight: float


PLACES: Final = (
    Place(CHINA, "Guangdong", "Guangzhou", 8),
    Place(CHINA, "Guangdong", "Shenzhen", 9),
    Place(CHINA, "Guangdong", "Dongguan", 4),
    Place(CHINA, "Guangdong", "Lianshan", 1),
    Place(CHINA, "Zhejiang", "Hangzhou", 7),
    Place(CHINA, "Zhejiang", "Ningbo", 4),
    Place(CHINA, "Zhejiang", "Songyang", 1),
    Place(CHINA, "Jiangsu", "Nanjing", 6),
    Place(CHINA, "Jiangsu", "Suzhou", 6),
    Place(CHINA, "Jiangsu", "Xuyi", 1),
    Place(CHINA, "Shanghai", "Shanghai", 11),
    Place(CHINA, "Beijing", "Beijing", 10),
    Place(CHINA, "Sichuan", "Chengdu", 7),
    Place(CHINA, "Sichuan", "Mianyang", 3),
    Place(CHINA, "Sichuan", "Jiange", 1.5),
    Place(CHINA, "Liaoning", "Shenyang", 4),
    Place(CHINA, "Liaoning", "Dalian", 3),
    Place(CHINA, "Liaoning", "Kuandian", 1),
    Place(CHINA, "Shaanxi", "Xi'an", 5),
    Place(CHINA, "Shaanxi", "Baoji", 2),
    Place(CHINA, "Shaanxi", "Yanchuan", 1.5),
    Place(CHINA, "Shandong", "Jinan", 4),
    Place(CHINA, "Shandong", "Qingdao", 4),
    Place(CHINA, "Shandong", "Yinan", 1.5),
    Place(UNITED_STATES, "California", "Los Angeles", 5),
    Place(UNITED_STATES, "California", "San Francisco", 4),
    Place(UNITED_STATES, "New York", "New York", 6),
    Place(UNITED_STATES, "Texas", "Houston", 4),
    Place(UNITED_STATES, "Texas", "Marfa", 0.7),
    Place(UNITED_STATES, "Illinois", "Chicago", 4),
    Place(UNITED_STATES, "Washington", "Seattle", 3),
    Place(GERMANY, "Berlin", "Berlin", 5),
    Place(GERMANY, "Bavaria", "Munich", 4),
    Place(GERMANY, "Bavaria", "Zwiesel", 0.7),
    Place(GERMANY, "Hamburg", "Hamburg", 3),
    Place(GERMANY, "North Rhine-Westphalia", "Cologne", 3),
    Place(FRANCE, "Ile-de-France", "Paris", 1),
    Place(NOWHERE, None, None, 1),
)

CHINESE_SURNAMES: Final = (
    *(("王", "wang"), ("李", "li"), ("张", "zhang"), ("刘", "liu"), ("陈", "chen")),
    *(("杨", "yang"), ("赵", "zhao"), ("黄", "huang"), ("周", "zhou"), ("吴", "wu")),
    *(("徐", "xu"), ("孙", "sun"), ("马", "ma"), ("朱", "zhu"), ("胡", "hu")),
    *(("郭", "guo"), ("何", "he"), ("林", "lin"), ("高", "gao"), ("罗", "luo")),
)
CHINESE_GIVEN_NAMES: Final = (
    *(("伟", "wei"), ("芳", "fang"), ("娜", "na"), ("敏", "min"), ("静", "jing")),
    *(("强", "qiang"), ("磊", "lei"), ("洋", "yang"), ("艳", "yan"), ("勇", "yong")),
    *(("军", "jun"), ("杰", "jie"), ("子涵", "zihan"), ("雨桐", "yutong"), ("浩然", "haoran")),
    *(("思远", "siyuan"), ("佳怡", "jiayi"), ("明轩", "mingxuan"), ("晓梅", "xiaomei")),
    *(("建国", "jianguo"), ("秀英", "xiuying"), ("天宇", "tianyu"), ("欣妍", "xinyan")),
)
LATIN_SURNAMES: Final = (
    *("Abbott", "Brandt", "Carver", "Dorn", "Ellison", "Fischer", "Garner", "Holm", "Ingram"),
    *("Jansen", "Keller", "Lang", "Mercer", "Novak", "Osborn", "Prescott", "Richter", "Sauer"),
    *("Tanner", "Vogel", "Weaver", "Ziegler"),
)
LATIN_GIVEN_NAMES: Final = (
    *("Alice", "Ben", "Clara", "Daniel", "Emma", "Felix", "Grace", "Hannah", "Ian", "Julia"),
    *("Karl", "Laura", "Max", "Nora", "Oliver", "Paula", "Quentin", "Rosa", "Simon", "Tessa"),
)
CHINESE_COMPANY_STEMS: Final = (
    *(("远禾", "yuanhe"), ("启澜", "qilan"), ("沐辰", "muchen"), ("嘉屿", "jiayu")),
    *(("云栎", "yunli"), ("博岑", "bocen"), ("晟野", "shengye"), ("恒槿", "hengjin")),
    *(("瑞泊", "ruibo"), ("铭汐", "mingxi"), ("星筑", "xingzhu"), ("拓霖", "tuolin")),
)
CHINESE_COMPANY_KINDS: Final = (
    *(("贸易有限公司", "trade"), ("科技有限公司", "tech"), ("物流有限公司", "logistics")),
    *(("教育有限公司", "edu"), ("制造有限公司", "works"), ("商贸行", "shop")),
)
LATIN_COMPANY_STEMS: Final = (
    *("Brightmoor", "Calderfield", "Dunmere", "Eastholt", "Fernwick", "Grauwald", "Hollbrink"),
    *("Ironvale", "Kestmark", "Lindhorst", "Moorgate", "Northfen"),
)
LATIN_COMPANY_KINDS: Final = ("Trading", "Systems", "Logistics", "Academy", "Works", "Stores")
