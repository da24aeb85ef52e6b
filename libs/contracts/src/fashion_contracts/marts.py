"""The marts: what the clean zone's tables come to, in the words of those who read it.

A daily mart is replaced for one business day; one without a partition is replaced whole, and says
in `as_of` up to which day it looks. Money is revenue in the shop's currency, cancelled purchases
left out. Shares and lifts are doubles.
"""

from fashion_contracts.lake import Column, ColumnType, Table

_BUSINESS_DAY = Column("business_day", ColumnType.DATE, "Day in the shop's timezone.")
_AS_OF = Column("as_of", ColumnType.DATE, "Last business day that was looked at.")

SALES_DAILY = Table(
    "sales_daily",
    "What the day sold. Cancelled purchases count nowhere but in `cancelled`.",
    (
        Column("purchases", ColumnType.LONG, "Purchases not cancelled."),
        Column("units", ColumnType.LONG, "Units in them."),
        Column(
            "buyers",
            ColumnType.LONG,
            "Different buyers; each purchase of an erased buyer counts as one.",
        ),
        Column(
            "new_buyers",
            ColumnType.LONG,
            "Buyers who had never bought before this day, none of them erased.",
        ),
        Column("goods", ColumnType.MONEY, "What their lines add up to."),
        Column("shipping", ColumnType.MONEY, "Shipping charged."),
        Column("tax", ColumnType.MONEY, "Tax in, or on top of, the prices."),
        Column("revenue", ColumnType.MONEY, "What the buyers pay, refunds still in it."),
        Column("cancelled", ColumnType.LONG, "Purchases cancelled since."),
        Column("refunded", ColumnType.LONG, "Purchases refunded since."),
        Column("refunds", ColumnType.MONEY, "What the refunded ones had come to."),
        _BUSINESS_DAY,
    ),
    key=("business_day",),
)

PRODUCT_DAILY = Table(
    "product_daily",
    "What became of each product that was looked at, carted or bought on the day.",
    (
        Column("product_id", ColumnType.LONG, "Product id."),
        Column("views", ColumnType.LONG, "Product views and clicks in lists."),
        Column("viewers", ColumnType.LONG, "Different shoppers behind the views."),
        Column("carts", ColumnType.LONG, "Times it was put into a cart."),
        Column("purchases", ColumnType.LONG, "Purchases it is in, cancelled ones left out."),
        Column("units", ColumnType.LONG, "Units bought."),
        Column("revenue", ColumnType.MONEY, "What they came to."),
        _BUSINESS_DAY,
    ),
    key=("business_day", "product_id"),
)

CATEGORY_TREND_DAILY = Table(
    "category_trend_daily",
    "How much more each category, colour or season was asked for than in the 28 days before.",
    (
        Column("dimension", ColumnType.STRING, "sub_category, article_type, base_colour, season."),
        Column("value", ColumnType.STRING, "The value of that dimension."),
        Column("interest", ColumnType.LONG, "Weighted acts: view 1, cart 4, purchase 6."),
        Column("shoppers", ColumnType.LONG, "Different shoppers behind them."),
        Column(
            "usual",
            ColumnType.DOUBLE,
            "Mean interest of those of the 28 days before that are in the lake.",
        ),
        Column(
            "lift",
            ColumnType.DOUBLE,
            "Share of the day's interest over its usual share; 1: as ever.",
        ),
        Column(
            "z_score",
            ColumnType.DOUBLE,
            "Its share of shoppers against the days before, in deviations.",
        ),
        Column(
            "is_significant", ColumnType.BOOLEAN, "Enough shoppers, and up or down beyond chance."
        ),
        _BUSINESS_DAY,
    ),
    key=("business_day", "dimension", "value"),
)

FUNNEL_DAILY = Table(
    "funnel_daily",
    "How far the day's shoppers went; who is in a step was in each step before it, that same day.",
    (
        Column("position", ColumnType.INT, "Position of the step, from 1."),
        Column("step", ColumnType.STRING, "visited, viewed, carted, checkout, purchased."),
        Column("shoppers", ColumnType.LONG, "Shoppers who came this far."),
        Column("share_of_previous", ColumnType.DOUBLE, "Of the step before; null if none.", False),
        Column("share_of_first", ColumnType.DOUBLE, "Of the first step; null if none.", False),
        _BUSINESS_DAY,
    ),
    key=("business_day", "position"),
)

COHORT_RETENTION = Table(
    "cohort_retention",
    "How many of the buyers who began in a month came back in each month after it. The month of "
    "`as_of` is not over.",
    (
        Column("cohort", ColumnType.DATE, "First day of the month of the first purchase."),
        Column("months_later", ColumnType.INT, "Months after it, from 0."),
        Column("buyers", ColumnType.LONG, "Buyers of the cohort who bought in that month."),
        Column("cohort_size", ColumnType.LONG, "Buyers who began in the cohort's month."),
        Column("share", ColumnType.DOUBLE, "buyers over cohort_size."),
        Column("revenue", ColumnType.MONEY, "What they paid in that month, refunds still in it."),
        _AS_OF,
    ),
    key=("cohort", "months_later"),
    partition=None,
)

CUSTOMER_RFM = Table(
    "customer_rfm",
    "Each buyer by recency, frequency and money, in fifths of buyers: 5 is best.",
    (
        Column("user_key", ColumnType.STRING, "Pseudonym of the buyer."),
        Column("recency_days", ColumnType.INT, "Days since the latest purchase."),
        Column("frequency", ColumnType.LONG, "Purchases, cancelled and refunded ones left out."),
        Column("monetary", ColumnType.MONEY, "What they came to."),
        Column("recency_score", ColumnType.INT, "1 to 5."),
        Column("frequency_score", ColumnType.INT, "1 to 5."),
        Column("monetary_score", ColumnType.INT, "1 to 5."),
        Column("segment", ColumnType.STRING, "champion, loyal, promising, new, at_risk, lost."),
        _AS_OF,
    ),
    key=("user_key",),
    partition=None,
)

BASKET_PAIRS = Table(
    "basket_pairs",
    "Products bought together in the 90 days up to `as_of`, each pair once each way.",
    (
        Column("product_id", ColumnType.LONG, "Product that is in the basket."),
        Column("with_product_id", ColumnType.LONG, "Product that goes with it."),
        Column("baskets", ColumnType.LONG, "Purchases with both."),
        Column("support", ColumnType.DOUBLE, "Of all purchases."),
        Column("confidence", ColumnType.DOUBLE, "Of the purchases with `product_id`."),
        Column("lift", ColumnType.DOUBLE, "confidence over the share of `with_product_id`."),
        _AS_OF,
    ),
    key=("product_id", "with_product_id"),
    partition=None,
)

RECOMMENDATION_EFFECT_DAILY = Table(
    "recommendation_effect_daily",
    "What came of the picks shown on the day, by the list they were shown in.",
    (
        Column("list_id", ColumnType.STRING, "List in which the picks were shown."),
        Column("impressions", ColumnType.LONG, "Answers shown: list views with the answer's id."),
        Column("shoppers", ColumnType.LONG, "Different shoppers who saw them."),
        Column("clicks", ColumnType.LONG, "Products clicked in them, once an answer."),
        Column(
            "carts", ColumnType.LONG, "Carts from them, or of what the shopper had clicked in them."
        ),
        Column(
            "purchases",
            ColumnType.LONG,
            "Purchases with such a product that day; each counts once, for the list that led to it "
            "last.",
        ),
        Column("revenue", ColumnType.MONEY, "What the lines came to that this list led to."),
        Column("click_through", ColumnType.DOUBLE, "Clicked answers over answers shown.", False),
        _BUSINESS_DAY,
    ),
    key=("business_day", "list_id"),
)

MARTS = (
    SALES_DAILY,
    PRODUCT_DAILY,
    CATEGORY_TREND_DAILY,
    FUNNEL_DAILY,
    COHORT_RETENTION,
    CUSTOMER_RFM,
    BASKET_PAIRS,
    RECOMMENDATION_EFFECT_DAILY,
)
