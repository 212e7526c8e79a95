"""The taxonomy with its releases, service listings, and the decisions that put them in the shop."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TSVECTOR

revision = "0005"
down_revision = "0004"

LISTING_STATES = ("draft", "in_review", "live", "paused", "rejected", "suspended", "retired")
FACET_TYPES = ("string", "integer", "decimal", "boolean", "enum", "multi_select")
POSTCODE_AREAS = (
    "AB AL B BA BB BD BH BL BN BR BS BT CA CB CF CH CM CO CR CT CV CW DA DD DE DG DH DL DN DT DY E EC EH EN EX FK FY "
    "G GL GU GY HA HD HG HP HR HS HU HX IG IM IP IV JE KA KT KW KY L LA LD LE LL LN LS LU M ME MK ML N NE NG NN NP NR "
    "NW OL OX PA PE PH PL PO PR RG RH RM S SA SE SG SK SL SM SN SO SP SR SS ST SW SY TA TD TF TN TQ TR TS TW UB W WA "
    "WC WD WF WN WR WS WV YO ZE"
)
SEARCH_DOCUMENT = (
    "setweight(to_tsvector('english'::regconfig, title), 'A') || "
    "setweight(to_tsvector('english'::regconfig, search_words), 'B') || "
    "setweight(to_tsvector('english'::regconfig, description), 'C')"
)
READABLE = "slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$'"

ONE_PRIMARY_NODE = """
create function listing_has_a_primary_node() returns trigger language plpgsql as $$
declare
    wanted uuid;
begin
    if tg_table_name = 'listing' then wanted := new.id; else wanted := old.listing_id; end if;
    if exists (select from listing where id = wanted)
       and not exists (select from listing_node where listing_id = wanted and is_primary) then
        raise exception 'listing % has no primary node', wanted
            using errcode = '23514', constraint = 'listing_primary_node';
    end if;
    return null;
end
$$;
create constraint trigger listing_primary_node after insert on listing
    deferrable initially deferred for each row execute function listing_has_a_primary_node();
create constraint trigger listing_node_primary after update or delete on listing_node
    deferrable initially deferred for each row execute function listing_has_a_primary_node();
"""

DECIDED_MOVES = """
create function listing_move_is_decided() returns trigger language plpgsql as $$
begin
    if not exists (select from moderation_decision
                   where transition_id = new.id and listing_id = new.subject_id
                     and outcome = case new.event when 'approve' then 'approved' when 'reject' then 'rejected'
                                                  when 'suspend' then 'suspended' else 'reinstated' end) then
        raise exception 'the move % of listing % has no decision', new.event, new.subject_id
            using errcode = '23514', constraint = 'listing_move_is_decided';
    end if;
    return null;
end
$$;
create constraint trigger listing_move_is_decided after insert on transition
    deferrable initially deferred for each row
    when (new.machine = 'listing' and new.event in ('approve', 'reject', 'suspend', 'reinstate'))
    execute function listing_move_is_decided();
"""


def upgrade() -> None:
    _domains_and_nodes()
    _facets()
    _releases()
    _listings()
    _listing_parts()
    _service_parts()
    _decisions()
    op.execute(ONE_PRIMARY_NODE + DECIDED_MOVES)
    for table in ("taxonomy_release", "taxonomy_release_row", "moderation_decision"):
        _only_added_to(table)
    for table in ("taxonomy_domain", "taxonomy_node", "taxonomy_facet", "taxonomy_node_facet"):
        op.execute(f"revoke delete on {table} from fixnado_application")  # retired, never deleted
    op.execute("revoke delete on listing from fixnado_application")


def _only_added_to(table: str) -> None:
    for name, moment in (("immutable", "update or delete on {} for each row"), ("no_truncate", "truncate on {}")):
        op.execute(f"create trigger {table}_{name} before {moment.format(table)} execute function never_altered()")
    op.execute(f"revoke update, delete on {table} from fixnado_application")


def _column(name: str, kind: sa.types.TypeEngine[object], default: str | None = None) -> sa.Column[object]:
    return sa.Column(name, kind, server_default=default, nullable=False)


def _maybe(name: str, kind: sa.types.TypeEngine[object]) -> sa.Column[object]:
    return sa.Column(name, kind, nullable=True)


def _flag(name: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean(), server_default=sa.false(), nullable=False)


def _words(name: str) -> sa.Column[object]:
    return sa.Column(name, ARRAY(sa.Text()), server_default="{}", nullable=False)


def _moment(name: str, *, nullable: bool = False, now: bool = False) -> sa.Column[object]:
    default = sa.text("clock_timestamp()") if now else None
    return sa.Column(name, sa.DateTime(timezone=True), server_default=default, nullable=nullable)


def _key(table: str, *columns: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint(*(columns or ("id",)), name=op.f(f"pk_{table}"))


def _link(table: str, column: str, target: str, key: str = "id", *, restrict: bool = True) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column],
        [f"{target}.{key}"],
        name=op.f(f"fk_{table}_{column}_{target}"),
        ondelete="RESTRICT" if restrict else None,
    )


def _check(table: str, name: str, rule: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(rule, name=op.f(f"ck_{table}_{name}"))


def _one_of(table: str, column: str, name: str, values: tuple[str, ...]) -> sa.CheckConstraint:
    return _check(table, name, f"{column} IN ({', '.join(repr(value) for value in values)})")


def _unique(table: str, *columns: str) -> sa.UniqueConstraint:
    return sa.UniqueConstraint(*columns, name=op.f(f"uq_{table}_{columns[0]}"))


def _domains_and_nodes() -> None:
    op.create_table(
        "taxonomy_domain",
        _column("id", sa.Uuid()),
        _column("slug", sa.String(40)),
        _column("label", sa.String(120)),
        _column("position", sa.Integer()),
        _flag("retired"),
        _key("taxonomy_domain"),
        _unique("taxonomy_domain", "slug"),
        _check("taxonomy_domain", "slug_is_readable", READABLE),
    )
    op.create_table(
        "taxonomy_node",
        _column("id", sa.Uuid()),
        _column("domain_id", sa.Uuid()),
        _maybe("parent_id", sa.Uuid()),
        _column("slug", sa.String(60)),
        _column("lineage", sa.String(300)),
        _column("label", sa.String(120)),
        _column("summary", sa.Text(), ""),
        _column("position", sa.Integer()),
        _words("synonyms"),
        _words("search_words"),
        _column("regulatory_notes", JSONB(), "[]"),
        _words("certifications"),
        _column("severity", sa.Numeric(3, 2)),
        _column("tax_category", sa.String(40)),
        _column("moderation_lane", sa.SmallInteger()),
        _flag("retired"),
        _key("taxonomy_node"),
        _link("taxonomy_node", "domain_id", "taxonomy_domain"),
        _link("taxonomy_node", "parent_id", "taxonomy_node"),
        _unique("taxonomy_node", "lineage"),
        _check("taxonomy_node", "slug_is_readable", READABLE),
        _check("taxonomy_node", "lineage_ends_in_slug", "right(lineage, length(slug) + 1) = '/' || slug"),
        _check("taxonomy_node", "four_levels", "cardinality(string_to_array(lineage, '/')) BETWEEN 2 AND 5"),
        _check("taxonomy_node", "severity_is_a_share", "severity BETWEEN 0 AND 1"),
        _check("taxonomy_node", "lane_exists", "moderation_lane BETWEEN 0 AND 4"),
    )
    op.create_index("ix_taxonomy_node_domain_id", "taxonomy_node", ["domain_id"])
    op.create_index("ix_taxonomy_node_parent_id", "taxonomy_node", ["parent_id", "position"])
    op.create_index(
        "ix_taxonomy_node_lineage", "taxonomy_node", ["lineage"], postgresql_ops={"lineage": "text_pattern_ops"}
    )


def _facets() -> None:
    table, link = "taxonomy_facet", "taxonomy_node_facet"
    choices = "(type IN ('enum', 'multi_select')) = (jsonb_array_length(options) > 0)"
    numbers = "type IN ('integer', 'decimal') OR num_nonnulls(minimum, maximum, step) = 0"
    op.create_table(
        table,
        _column("id", sa.Uuid()),
        _column("domain_id", sa.Uuid()),
        _column("key", sa.String(60)),
        _column("label", sa.String(120)),
        _column("question", sa.Text(), ""),
        _column("position", sa.Integer()),
        _column("type", sa.String(20)),
        _column("unit", sa.String(20), ""),
        *(_maybe(name, sa.Numeric()) for name in ("minimum", "maximum", "step")),
        _column("options", JSONB(), "[]"),
        *(_flag(name) for name in ("filterable", "searchable", "retired")),
        _key(table),
        _link(table, "domain_id", "taxonomy_domain"),
        _unique(table, "domain_id", "key"),
        _one_of(table, "type", "facet_type", FACET_TYPES),
        _check(table, "key_is_a_name", "key ~ '^[a-z][a-z0-9_]*$'"),
        _check(table, "bounds_in_order", "minimum <= maximum"),
        _check(table, "step_goes_up", "step > 0"),
        _check(table, "choices_have_options", choices),
        _check(table, "numbers_have_bounds", numbers),
    )
    op.create_table(
        link,
        _column("node_id", sa.Uuid()),
        _column("facet_id", sa.Uuid()),
        _flag("required"),
        _maybe("default_value", JSONB()),
        _maybe("minimum", sa.Numeric()),
        _maybe("maximum", sa.Numeric()),
        _words("allowed"),
        _flag("retired"),
        _key(link, "node_id", "facet_id"),
        _link(link, "node_id", "taxonomy_node"),
        _link(link, "facet_id", "taxonomy_facet"),
        _check(link, "bounds_in_order", "minimum <= maximum"),
    )
    op.create_index("ix_taxonomy_node_facet_facet_id", link, ["facet_id"])


def _releases() -> None:
    op.create_table(
        "taxonomy_release",
        _column("number", sa.Integer()),
        _column("root", sa.LargeBinary(32)),
        _column("domain_roots", JSONB()),
        _column("note", sa.String(120)),
        _moment("published_at", now=True),
        _key("taxonomy_release", "number"),
        _check("taxonomy_release", "root_is_whole", "octet_length(root) = 32"),
    )
    op.create_table(
        "taxonomy_release_row",
        _column("release_number", sa.Integer()),
        _column("table_name", sa.String(40)),
        _column("row_key", sa.String(80)),
        _column("domain_id", sa.Uuid()),
        _column("content", JSONB()),
        _column("checksum", sa.LargeBinary(32)),
        _key("taxonomy_release_row", "release_number", "table_name", "row_key"),
        _link("taxonomy_release_row", "release_number", "taxonomy_release", "number", restrict=False),
        _check("taxonomy_release_row", "checksum_is_whole", "octet_length(checksum) = 32"),
    )


def _listings() -> None:
    op.create_table(
        "listing",
        _column("id", sa.Uuid()),
        _column("organisation_id", sa.Uuid()),
        _column("kind", sa.String(20)),
        _column("title", sa.String(120)),
        _column("slug", sa.String(160)),
        _column("description", sa.Text()),
        _column("price_minor", sa.BigInteger()),
        _column("currency", sa.CHAR(3)),
        _column("search_words", sa.Text(), ""),
        sa.Column("search", TSVECTOR(), sa.Computed(SEARCH_DOCUMENT, persisted=True), nullable=False),
        _moment("published_at", nullable=True),
        _moment("content_changed_at"),
        _moment("created_at", now=True),
        _column("state", sa.String(40)),
        _moment("state_entered_at"),
        _column("version", sa.Integer(), "1"),
        _key("listing"),
        _link("listing", "organisation_id", "organisation"),
        _unique("listing", "slug"),
        _one_of("listing", "kind", "listing_kind", ("service",)),
        _one_of("listing", "state", "listing_state", LISTING_STATES),
        _check("listing", "slug_is_readable", READABLE),
        _check("listing", "title_says_something", "length(btrim(title)) >= 8"),
        _check("listing", "price_is_positive", "price_minor > 0"),
        _check("listing", "currency_is_a_code", "currency ~ '^[A-Z]{3}$'"),
        _check("listing", "live_was_published", "state <> 'live' OR published_at IS NOT NULL"),
    )
    op.create_index("ix_listing_organisation_id", "listing", ["organisation_id"])
    live, waiting = sa.text("state = 'live'"), sa.text("state = 'in_review'")
    op.create_index("ix_listing_published_at", "listing", ["published_at", "id"], postgresql_where=live)
    op.create_index("ix_listing_state_entered_at", "listing", ["state_entered_at"], postgresql_where=waiting)
    op.create_index("ix_listing_search", "listing", ["search"], postgresql_using="gin")


def _listing_parts() -> None:
    op.create_table(
        "listing_node",
        _column("listing_id", sa.Uuid()),
        _column("node_id", sa.Uuid()),
        sa.Column("is_primary", sa.Boolean(), nullable=False),
        _column("weight", sa.SmallInteger(), "100"),
        _key("listing_node", "listing_id", "node_id"),
        _link("listing_node", "listing_id", "listing"),
        _link("listing_node", "node_id", "taxonomy_node"),
        _check("listing_node", "weight_is_a_percentage", "weight BETWEEN 1 AND 100"),
    )
    primary = sa.text("is_primary")
    op.create_index("uq_listing_node_primary", "listing_node", ["listing_id"], unique=True, postgresql_where=primary)
    op.create_index("ix_listing_node_node_id", "listing_node", ["node_id"])
    op.create_table(
        "listing_facet",
        _column("listing_id", sa.Uuid()),
        _column("facet_id", sa.Uuid()),
        _column("position", sa.SmallInteger()),
        _maybe("text_value", sa.String(200)),
        _maybe("number_value", sa.Numeric()),
        _maybe("boolean_value", sa.Boolean()),
        _key("listing_facet", "listing_id", "facet_id", "position"),
        _link("listing_facet", "listing_id", "listing"),
        _link("listing_facet", "facet_id", "taxonomy_facet"),
        _check("listing_facet", "one_typed_value", "num_nonnulls(text_value, number_value, boolean_value) = 1"),
    )
    op.create_index("ix_listing_facet_facet_id", "listing_facet", ["facet_id", "text_value"])
    op.create_index("ix_listing_facet_number_value", "listing_facet", ["facet_id", "number_value"])


def _service_parts() -> None:
    op.create_table(
        "service_detail",
        _column("listing_id", sa.Uuid()),
        _column("duration_minutes", sa.Integer()),
        _column("crew_size", sa.SmallInteger()),
        _column("notice_days", sa.SmallInteger()),
        _column("zone", sa.String(60)),
        _key("service_detail", "listing_id"),
        _link("service_detail", "listing_id", "listing"),
        _check("service_detail", "duration_is_possible", "duration_minutes BETWEEN 15 AND 14400"),
        _check("service_detail", "crew_is_possible", "crew_size BETWEEN 1 AND 50"),
        _check("service_detail", "notice_is_possible", "notice_days BETWEEN 0 AND 90"),
    )
    op.create_table(
        "listing_area",
        _column("listing_id", sa.Uuid()),
        _column("area", sa.String(2)),
        _key("listing_area", "listing_id", "area"),
        _link("listing_area", "listing_id", "listing"),
        _one_of("listing_area", "area", "area_exists", tuple(POSTCODE_AREAS.split())),
    )
    op.create_index("ix_listing_area_area", "listing_area", ["area"])
    op.create_table(
        "visit_hours",
        _column("listing_id", sa.Uuid()),
        _column("weekday", sa.SmallInteger()),
        _column("starts", sa.Time()),
        _column("ends", sa.Time()),
        _key("visit_hours", "listing_id", "weekday", "starts"),
        _link("visit_hours", "listing_id", "listing"),
        _check("visit_hours", "weekday_is_iso", "weekday BETWEEN 1 AND 7"),
        _check("visit_hours", "starts_before_it_ends", "starts < ends"),
    )


def _decisions() -> None:
    table = "moderation_decision"
    stated = "(outcome IN ('rejected', 'suspended')) = (statement IS NOT NULL)"
    op.create_table(
        table,
        _column("id", sa.Uuid()),
        _column("listing_id", sa.Uuid()),
        _column("transition_id", sa.BigInteger()),
        _column("outcome", sa.String(20)),
        _column("policy", sa.String(60)),
        _column("reason", sa.Text()),
        _maybe("statement", JSONB()),
        _column("listing_version", sa.Integer()),
        _column("snapshot", JSONB()),
        _column("snapshot_sha256", sa.LargeBinary(32)),
        _column("decider_id", sa.Integer()),
        _moment("decided_at"),
        _key(table),
        _link(table, "listing_id", "listing"),
        _link(table, "transition_id", "transition", restrict=False),
        _link(table, "decider_id", "ab_user", restrict=False),
        _unique(table, "transition_id"),
        _one_of(table, "outcome", "moderation_outcome", ("approved", "rejected", "suspended", "reinstated")),
        _check(table, "digest_is_whole", "octet_length(snapshot_sha256) = 32"),
        _check(table, "reason_says_something", "length(btrim(reason)) >= 20"),
        _check(table, "restriction_is_stated", stated),
    )
    op.create_index("ix_moderation_decision_listing_id", table, ["listing_id", "decided_at"])
    op.create_index("ix_moderation_decision_decider_id", table, ["decider_id"])


TABLES = (
    "moderation_decision visit_hours listing_area service_detail listing_facet listing_node listing "
    "taxonomy_release_row taxonomy_release taxonomy_node_facet taxonomy_facet taxonomy_node taxonomy_domain"
)


def downgrade() -> None:
    op.execute("drop trigger listing_move_is_decided on transition")
    for table in TABLES.split():
        op.drop_table(table)
    op.execute("drop function listing_move_is_decided(), listing_has_a_primary_node()")
