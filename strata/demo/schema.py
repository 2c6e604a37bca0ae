"""The eleven raw tables: the single declaration of their columns, in file order."""

import pyarrow as pa

TEXT = pa.string()
MOMENT = pa.timestamp("us")
MONEY = pa.decimal128(18, 2)
WHOLE = pa.int32()
FLAG = pa.bool_()
DAY = pa.date32()

SCHEMAS: dict[str, pa.Schema] = {
    "customers": pa.schema(
        {
            "customer_id": TEXT,
            "source_system": TEXT,
            "email": TEXT,
            "phone": TEXT,
            "full_name": TEXT,
            "customer_type": TEXT,
            "parent_customer_id": TEXT,
            "birth_date": DAY,
            "gender": TEXT,
            "occupation": TEXT,
            "income_band": TEXT,
            "industry": TEXT,
            "employee_count": WHOLE,
            "country": TEXT,
            "region": TEXT,
            "city": TEXT,
            "acquisition_channel": TEXT,
            "registered_at": MOMENT,
            "is_test": FLAG,
            "deleted_at": MOMENT,
            "updated_at": MOMENT,
        }
    ),
    "orders": pa.schema(
        {
            "order_id": TEXT,
            "customer_id": TEXT,
            "ordered_at": MOMENT,
            "status": TEXT,
            "channel": TEXT,
            "currency": TEXT,
            "amount": MONEY,
            "discount_amount": MONEY,
            "tax_amount": MONEY,
            "shipping_amount": MONEY,
            "updated_at": MOMENT,
        }
    ),
    "order_items": pa.schema(
        {
            "order_item_id": TEXT,
            "order_id": TEXT,
            "product_id": TEXT,
            "quantity": WHOLE,
            "unit_price": MONEY,
            "discount_amount": MONEY,
            "unit_cost": MONEY,
        }
    ),
    "refunds": pa.schema(
        {
            "refund_id": TEXT,
            "order_id": TEXT,
            "refunded_at": MOMENT,
            "amount": MONEY,
            "reason": TEXT,
        }
    ),
    "products": pa.schema(
        {
            "product_id": TEXT,
            "product_name": TEXT,
            "category": TEXT,
            "brand": TEXT,
            "unit_cost": MONEY,
            "list_price": MONEY,
            "launched_at": MOMENT,
        }
    ),
    "web_events": pa.schema(
        {
            "event_id": TEXT,
            "customer_id": TEXT,
            "event_type": TEXT,
            "product_id": TEXT,
            "channel": TEXT,
            "occurred_at": MOMENT,
        }
    ),
    "interactions": pa.schema(
        {
            "interaction_id": TEXT,
            "customer_id": TEXT,
            "interaction_type": TEXT,
            "channel": TEXT,
            "started_at": MOMENT,
            "resolved_at": MOMENT,
        }
    ),
    "feedback": pa.schema(
        {
            "feedback_id": TEXT,
            "customer_id": TEXT,
            "order_id": TEXT,
            "feedback_type": TEXT,
            "score": WHOLE,
            "submitted_at": MOMENT,
        }
    ),
    "campaign_contacts": pa.schema(
        {
            "contact_id": TEXT,
            "campaign_id": TEXT,
            "customer_id": TEXT,
            "channel": TEXT,
            "is_control": FLAG,
            "contacted_at": MOMENT,
            "opened_at": MOMENT,
            "clicked_at": MOMENT,
        }
    ),
    "consents": pa.schema(
        {"customer_id": TEXT, "channel": TEXT, "status": TEXT, "changed_at": MOMENT}
    ),
    "erasure_requests": pa.schema({"customer_id": TEXT, "requested_at": MOMENT}),
}
"""Schema of each raw table; money has two decimals, moments are UTC without a zone."""

KEYS: dict[str, tuple[str, str, int]] = {
    "customers": ("customer_id", "c", 7),
    "orders": ("order_id", "o", 8),
    "order_items": ("order_item_id", "i", 8),
    "refunds": ("refund_id", "r", 7),
    "products": ("product_id", "p", 3),
    "web_events": ("event_id", "e", 8),
    "interactions": ("interaction_id", "n", 7),
    "feedback": ("feedback_id", "f", 7),
    "campaign_contacts": ("contact_id", "k", 8),
}
"""Key column, id prefix and number of digits of each table that has a key."""
