"""The words of what is on sale, counted as listings come and go, so that a mistyped one finds its neighbour."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"

COUNT = """
create function search_lexeme_count(p_text text, p_by integer) returns void
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
    -- one writer at a time, from here to the commit that is running: two would meet at common words in any order
    perform pg_advisory_xact_lock(1718383480);
    if p_by > 0 then
        insert into search_lexeme as known (word, lexeme, listings)
        select found.word, found.lexeme, p_by from search_lexemes(p_text) found
        on conflict (word) do update set listings = known.listings + excluded.listings;
    else
        delete from search_lexeme known using search_lexemes(p_text) found
         where known.word = found.word and known.listings <= -p_by;
        update search_lexeme known set listings = known.listings + p_by from search_lexemes(p_text) found
         where known.word = found.word;
    end if;
end
$$;
"""
WORDS = """
create function search_lexemes(p_text text) returns table (word text, lexeme text)
language sql stable set search_path = pg_catalog, public, pg_temp as $$
    select plain.lexeme, stem.lexeme
      from unnest(to_tsvector('simple'::regconfig, p_text)) plain
     cross join lateral (
        select s.lexeme from unnest(to_tsvector('english'::regconfig, plain.lexeme)) s limit 1
     ) stem
     where plain.lexeme ~ '^[a-z]{3,40}$'
     order by plain.lexeme
$$;
"""
FOLLOW = """
create function listing_lexemes() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
    was text := '';
    now_is text := '';
begin
    if tg_op = 'UPDATE' and old.state = 'live' then
        was := concat_ws(' ', old.title, old.search_words, old.description);
    end if;
    if new.state = 'live' then
        now_is := concat_ws(' ', new.title, new.search_words, new.description);
    end if;
    if was is distinct from now_is then
        if was <> '' then perform search_lexeme_count(was, -1); end if;
        if now_is <> '' then perform search_lexeme_count(now_is, 1); end if;
    end if;
    return null;
end
$$;
create constraint trigger listing_lexemes_new after insert on listing
    deferrable initially deferred for each row when (new.state = 'live') execute function listing_lexemes();
create constraint trigger listing_lexemes_changed after update of state, title, search_words, description on listing
    deferrable initially deferred for each row when (old.state = 'live' or new.state = 'live')
    execute function listing_lexemes();
"""
COUNT_ALL = """
create function search_lexeme_rebuild() returns bigint
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
    words bigint;
begin
    perform pg_advisory_xact_lock(1718383480);
    delete from search_lexeme;
    insert into search_lexeme (word, lexeme, listings)
    select found.word, min(found.lexeme), count(*)
      from listing, lateral search_lexemes(concat_ws(' ', title, search_words, description)) found
     where listing.state = 'live' group by found.word;
    get diagnostics words = row_count;
    return words;
end
$$;
"""
FUNCTIONS = (
    "search_lexemes(text)",
    "search_lexeme_count(text, integer)",
    "listing_lexemes()",
    "search_lexeme_rebuild()",
)


def upgrade() -> None:
    op.execute("create extension if not exists pg_trgm")
    op.create_table(
        "search_lexeme",
        sa.Column("word", sa.String(40), nullable=False),
        sa.Column("lexeme", sa.String(40), nullable=False),
        sa.Column("listings", sa.Integer(), nullable=False),
        sa.CheckConstraint("listings > 0", name=op.f("ck_search_lexeme_somebody_uses_it")),
        sa.PrimaryKeyConstraint("word", name=op.f("pk_search_lexeme")),
    )
    op.create_index(
        "ix_search_lexeme_word_trigrams",
        "search_lexeme",
        ["word"],
        postgresql_using="gin",
        postgresql_ops={"word": "gin_trgm_ops"},
    )
    op.create_index("ix_search_lexeme_lexeme", "search_lexeme", ["lexeme"])
    op.execute(WORDS + COUNT + COUNT_ALL + FOLLOW)
    for function in FUNCTIONS:
        op.execute(f"revoke execute on function {function} from public")
    op.execute("revoke insert, update, delete on search_lexeme from fixnado_application")
    op.execute("select search_lexeme_rebuild()")


def downgrade() -> None:
    op.execute("drop trigger listing_lexemes_new on listing")
    op.execute("drop trigger listing_lexemes_changed on listing")
    for function in reversed(FUNCTIONS):
        op.execute(f"drop function {function}")
    op.drop_table("search_lexeme")
    op.execute("drop extension pg_trgm")
