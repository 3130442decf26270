"""Word lists of the simulated economy: places, trades, brands, advisers, people. All are invented.

No surname stands in any other list, so a person's name can never occur inside a company's name: a test that finds a
person's name in a published table has found a leak.
"""

from typing import NamedTuple


class Place(NamedTuple):
    """A seat as it appears in company names, and the province it lies in."""

    name: str
    province: str


class Trade(NamedTuple):
    """What a company does, as it appears in its name, with the CSRC industry code and name (2012 classification)."""

    name: str
    code: str
    industry: str


class Adviser(NamedTuple):
    """A sponsor, law firm or accountant: SZSE prints the short name, BSE the full one, SSE both."""

    short: str
    full: str


PLACES = tuple(
    Place(name, province)
    for province, names in {
        "北京": "北京",
        "上海": "上海",
        "天津": "天津",
        "重庆": "重庆",
        "广东": "广东 广州 深圳市 东莞 佛山 珠海 惠州",
        "江苏": "江苏 南京 苏州 无锡 常州 南通 昆山",
        "浙江": "浙江 杭州 宁波 嘉兴 绍兴 温州 台州",
        "山东": "山东 济南 青岛 烟台 潍坊 淄博",
        "安徽": "安徽 合肥 芜湖 滁州",
        "福建": "福建 福州 厦门 泉州",
        "湖北": "湖北 武汉 宜昌 襄阳",
        "湖南": "湖南 长沙 株洲",
        "四川": "四川 成都 绵阳",
        "河南": "河南 郑州 洛阳",
        "河北": "河北 石家庄 保定",
        "陕西": "陕西 西安",
        "辽宁": "辽宁 大连 沈阳",
        "江西": "江西 南昌 赣州",
        "吉林": "长春",
        "黑龙江": "哈尔滨",
        "新疆": "新疆",
    }.items()
    for name in names.split()
)

TRADES = tuple(
    Trade(name, code, industry)
    for code, industry, names in (
        ("C26", "化学原料和化学制品制造业", "新材料 化学 高分子材料"),
        ("C27", "医药制造业", "生物技术 药业 医药科技 基因科技"),
        ("C29", "橡胶和塑料制品业", "橡塑科技"),
        ("C30", "非金属矿物制品业", "硅材料 特种玻璃"),
        ("C33", "金属制品业", "紧固件 金属制品"),
        ("C34", "通用设备制造业", "精密机械 传动技术 数控机床"),
        ("C35", "专用设备制造业", "医疗器械 智能装备 半导体设备 环保设备"),
        ("C36", "汽车制造业", "汽车部件 车辆科技"),
        ("C37", "铁路、船舶、航空航天和其他运输设备制造业", "航空科技 海洋装备"),
        ("C38", "电气机械和器材制造业", "电气 电源技术 储能科技 线缆"),
        ("C39", "计算机、通信和其他电子设备制造业", "电子 微电子 半导体 光电 集成电路 通信技术"),
        ("C40", "仪器仪表制造业", "测控技术 仪器"),
        ("D44", "电力、热力生产和供应业", "新能源 热力"),
        ("I64", "互联网和相关服务", "网络科技"),
        ("I65", "软件和信息技术服务业", "软件 信息技术 数据科技 人工智能"),
        ("M73", "研究和试验发展", "检测技术"),
        ("M74", "专业技术服务业", "工程技术 设计咨询"),
        ("N77", "生态保护和环境治理业", "环境科技"),
    )
    for name in names.split()
)

BRAND_FIRST = "华恒晶泰瑞嘉盛鼎博凯宏信源天诺明优卓欣锐维智远德弘睿聚力亿创联正星迅飞奥美康益和安立中"
BRAND_LAST = "岳达通宇晟拓特腾辰晖迪森斯尔润川图景元锋翔佳科益芯铭卡威固赛昊迈思普捷禾冠泽颖航胜尚利来"

SPONSORS = (
    Adviser("东岳证券", "东岳证券股份有限公司"),
    Adviser("华泽证券", "华泽证券股份有限公司"),
    Adviser("中峪公司", "中峪国际金融股份有限公司"),
    Adviser("国衡证券", "国衡证券股份有限公司"),
    Adviser("海晟证券", "海晟证券股份有限公司"),
    Adviser("信岚证券", "信岚证券股份有限公司"),
    Adviser("江澜保荐", "江澜证券承销保荐有限公司"),
    Adviser("申岳承销", "申岳证券承销保荐有限责任公司"),
    Adviser("开澜证券", "开澜证券股份有限公司"),
    Adviser("浦汇证券", "浦汇证券股份有限公司"),
    Adviser("南衡证券", "南衡证券股份有限公司"),
    Adviser("金澜证券", "金澜证券股份有限公司"),
)

LAW_FIRMS = (
    Adviser("北京市衡岳", "北京市衡岳律师事务所"),
    Adviser("北京市中澜", "北京市中澜律师事务所"),
    Adviser("上海市锦澄", "上海市锦澄律师事务所"),
    Adviser("国澄（上海）", "国澄律师（上海）事务所"),
    Adviser("广东信澜", "广东信澜律师事务所"),
    Adviser("浙江天澄", "浙江天澄律师事务所"),
    Adviser("江苏世衡", "江苏世衡律师事务所"),
    Adviser("湖南启澜", "湖南启澜律师事务所"),
)

ACCOUNTANTS = (
    Adviser("天衡岳", "天衡岳会计师事务所（特殊普通合伙）"),
    Adviser("立澄", "立澄会计师事务所（特殊普通合伙）"),
    Adviser("中汇澜", "中汇澜会计师事务所（特殊普通合伙）"),
    Adviser("容岳", "容岳会计师事务所（特殊普通合伙）"),
    Adviser("信衡中和", "信衡中和会计师事务所（特殊普通合伙）"),
    Adviser("大澜", "大澜会计师事务所（特殊普通合伙）"),
)

SURNAMES = "王李刘陈赵吴孙胡郭谢韩冯彭曹曾袁蒋蔡叶魏吕丁姚卢"
_GIVEN_NAMES = (
    "建军志强海燕晓东丽娟文博思远雨桐俊杰浩然梓涵国庆秀英桂兰永刚春梅",
    "子轩佳怡立新红霞明哲静怡振华玉兰凤英少华婉清若曦启航天佑一鸣书瑶",
)
PEOPLE = tuple(
    surname + names[start : start + 2]
    for names in _GIVEN_NAMES
    for start in range(0, len(names), 2)
    for surname in SURNAMES
)
