"""The SQL of the mirror: one statement for a page without news, three for one with, two at the end.

The rows of a page come in by COPY, through a temporary table; the single row of an action comes as
JSON that Postgres spreads out with the table's own row type. From there on it is the same statement.
"""

from functools import lru_cache

from psycopg import sql

from portal.mirror.resource import Facets, Resource
from portal.models import Change

SEEN = sql.Identifier("mirror_seen")

CREATE_SEEN = sql.SQL(
    'CREATE TEMP TABLE {seen} (sid character varying(80) COLLATE "C") ON COMMIT PRESERVE ROWS'
).format(seen=SEEN)
DROP_SEEN = sql.SQL("DROP TABLE IF EXISTS pg_temp.{seen}").format(seen=SEEN)
ANALYZE_SEEN = sql.SQL("ANALYZE pg_temp.{seen}").format(seen=SEEN)

STAGE = sql.Identifier("mirror_stage")
_STAGED = sql.SQL("pg_temp.{stage}")
_SPREAD = sql.SQL("json_populate_recordset(NULL::{table}, %(rows)s::json)")
DROP_STAGE = sql.SQL("DROP TABLE IF EXISTS pg_temp.{stage}").format(stage=STAGE)
EMPTY_STAGE = sql.SQL("TRUNCATE pg_temp.{stage}").format(stage=STAGE)


def incoming_columns(resource: Resource) -> list[str]:
    """The columns that a record brings, in the order in which they travel."""
    names = ["sid", "payload", "payload_hash", *(resource.column(name) for name in resource.fields)]
    return [*names, "facet_id"] if resource.facets else names


@lru_cache
def create_stage(resource: Resource) -> sql.Composed:
    """The temporary table in which the rows of a page wait to be merged."""
    return sql.SQL("CREATE TEMP TABLE {stage} AS SELECT {columns} FROM {table} WITH NO DATA").format(
        stage=STAGE,
        columns=sql.SQL(", ").join(map(sql.Identifier, incoming_columns(resource))),
        table=sql.Identifier(resource.table),
    )


@lru_cache
def fill_stage(resource: Resource) -> sql.Composed:
    return sql.SQL("COPY pg_temp.{stage} ({columns}) FROM STDIN").format(
        stage=STAGE, columns=sql.SQL(", ").join(map(sql.Identifier, incoming_columns(resource)))
    )


@lru_cache
def differing(resource: Resource) -> sql.Composed:
    """Note the sids of a page as seen; return those whose row is new, different, or was missing.

    Parameters: sids, hashes.
    """
    return sql.SQL("""
        WITH page AS MATERIALIZED (
            SELECT * FROM unnest(%(sids)s::text[], %(hashes)s::bigint[]) AS page (sid, hash)
        ), noted AS (
            INSERT INTO pg_temp.{seen} SELECT sid FROM page
        )
        SELECT page.sid FROM page
        LEFT JOIN {table} AS mine ON mine.sid = page.sid
        WHERE mine.payload_hash IS DISTINCT FROM page.hash
           OR mine.missing_since IS NOT NULL
    """).format(seen=SEEN, table=sql.Identifier(resource.table))


@lru_cache
def lock(resource: Resource) -> sql.Composed:
    """Wait for whoever is writing these rows, so that the next statement sees them as they are.

    Parameter: sids. Everybody takes rows in the same order.
    """
    return sql.SQL("SELECT 1 FROM {table} WHERE sid = ANY (%(sids)s) ORDER BY sid FOR UPDATE").format(
        table=sql.Identifier(resource.table)
    )


@lru_cache
def merge(resource: Resource, *, staged: bool) -> sql.Composed:
    """Insert or update rows and tell what changed, in one statement.

    Parameters: rows (JSON array, unless they are staged), age (seconds since Twilio was asked), source,
    resource, run, operation. Returns the number of rows added and updated, and of rows that somebody
    else added in this very moment: what they were before is unknown, and the statement is to be undone
    and repeated.
    A row that somebody applied, or found missing, after Twilio was asked is left alone; unless Twilio
    says that it has changed since. A property that all records suddenly have, or have no more, is no
    news about any of them.
    """
    columns = [sql.Identifier(name) for name in incoming_columns(resource)]
    updates = [sql.SQL("{c} = excluded.{c}").format(c=column) for column in columns[1:]]
    guard: sql.Composable = sql.SQL(
        "mine.synced_at <= statement_timestamp() - make_interval(secs => %(age)s)"
    )
    if "remote_updated_at" in resource.fields:
        guard = sql.SQL("""
            ({guard} OR mine.missing_since IS NULL AND excluded.remote_updated_at > mine.remote_updated_at)
        """).format(guard=guard)
    return sql.SQL("""
        WITH incoming AS (
            SELECT {columns} FROM {rows}
        ), before AS (
            SELECT mine.sid, mine.payload, mine.missing_since{facet_id}
            FROM {table} AS mine JOIN incoming USING (sid)
        ), merged AS (
            INSERT INTO {table} AS mine ({columns}, synced_at, missing_since)
            SELECT {columns}, statement_timestamp(), NULL FROM incoming ORDER BY sid
            ON CONFLICT (sid) DO UPDATE
            SET {updates}, synced_at = excluded.synced_at, missing_since = NULL
            WHERE {guard}
            RETURNING mine.sid, mine.payload, mine.{scope} AS scope, mine.xmax = 0 AS is_new{facet_id}
        ){counting}, told AS (
            INSERT INTO {change}
                (at, resource, target, account_sid, kind, source, fields, run_id, operation_id)
            SELECT statement_timestamp(), %(resource)s, merged.sid, merged.scope,
                   CASE WHEN before.missing_since IS NULL THEN 'changed' ELSE 'returned' END,
                   %(source)s, coalesce(news.fields, '{{}}'), %(run)s, %(operation)s
            FROM merged
            JOIN before USING (sid)
            CROSS JOIN LATERAL (
                SELECT jsonb_object_agg(
                    key, jsonb_build_array(before.payload -> key, merged.payload -> key)
                ) AS fields
                FROM jsonb_object_keys(before.payload) AS key
                WHERE merged.payload -> key <> before.payload -> key AND key <> ALL (%(quiet)s)
            ) AS news
            WHERE news.fields IS NOT NULL OR before.missing_since IS NOT NULL
        )
        SELECT count(*) FILTER (WHERE merged.is_new),
               count(*) FILTER (WHERE before.sid IS NOT NULL),
               count(*) FILTER (WHERE before.sid IS NULL AND NOT merged.is_new)
        FROM merged LEFT JOIN before USING (sid)
    """).format(
        columns=sql.SQL(", ").join(columns),
        rows=sql.SQL(
            "pg_temp.{stage}" if staged else "json_populate_recordset(NULL::{table}, %(rows)s::json)"
        ).format(stage=STAGE, table=sql.Identifier(resource.table)),
        table=sql.Identifier(resource.table),
        updates=sql.SQL(", ").join(updates),
        guard=guard,
        scope=sql.Identifier(resource.column(resource.scope)),
        change=sql.Identifier(Change._meta.db_table),
        facet_id=sql.SQL(", mine.facet_id" if resource.facets else ""),
        counting=_count_merged(resource, resource.facets) if resource.facets else sql.SQL(""),
    )


@lru_cache
def unseen(resource: Resource) -> sql.Composed:
    """Sids of the scope that the listing did not have and nobody has applied since it began.

    Parameters: scope, started.
    """
    return sql.SQL("""
        SELECT mine.sid FROM {table} AS mine
        WHERE mine.{scope} = %(scope)s AND mine.missing_since IS NULL AND mine.synced_at < %(started)s
          AND NOT EXISTS (SELECT 1 FROM pg_temp.{seen} AS seen WHERE seen.sid = mine.sid)
        ORDER BY mine.sid
    """).format(
        table=sql.Identifier(resource.table),
        scope=sql.Identifier(resource.column(resource.scope)),
        seen=SEEN,
    )


@lru_cache
def mark_missing(resource: Resource) -> sql.Composed:
    """Mark rows as missing and tell it, unless they were applied meanwhile.

    Parameters: sids, started, source, resource, run. Returns how many were marked.
    """
    return sql.SQL("""
        WITH going AS (
            SELECT * FROM {table} AS mine
            WHERE mine.sid = ANY (%(sids)s) AND mine.missing_since IS NULL AND mine.synced_at < %(started)s
            ORDER BY mine.sid FOR UPDATE
        ), gone AS (
            UPDATE {table} AS mine
            SET missing_since = statement_timestamp(), synced_at = statement_timestamp(){no_facet}
            FROM going WHERE mine.sid = going.sid
            RETURNING mine.sid, mine.{scope} AS scope{facet_id}
        ){counting}, told AS (
            INSERT INTO {change} (at, resource, target, account_sid, kind, source, fields, run_id)
            SELECT statement_timestamp(), %(resource)s, gone.sid, gone.scope, 'missing', %(source)s, '{{}}',
                   %(run)s
            FROM gone
        )
        SELECT count(*) FROM gone
    """).format(
        table=sql.Identifier(resource.table),
        scope=sql.Identifier(resource.column(resource.scope)),
        change=sql.Identifier(Change._meta.db_table),
        no_facet=sql.SQL(", facet_id = NULL" if resource.facets else ""),
        facet_id=sql.SQL(", going.facet_id" if resource.facets else ""),
        counting=_count_gone(resource.facets) if resource.facets else sql.SQL(""),
    )


@lru_cache
def analyze(resource: Resource) -> sql.Composed:
    """Let the planner know what the table holds, and the table of its facets."""
    tables = [resource.table, *([resource.facets.table] if resource.facets else [])]
    return sql.SQL("ANALYZE {tables}").format(tables=sql.SQL(", ").join(map(sql.Identifier, tables)))


@lru_cache
def lock_facets(facets: Facets) -> sql.Composed:
    """Let nobody count until the end of the transaction; reading goes on."""
    return sql.SQL("LOCK TABLE {facets} IN SHARE ROW EXCLUSIVE MODE").format(
        facets=sql.Identifier(facets.table)
    )


@lru_cache
def forget_facets(facets: Facets) -> sql.Composed:
    return sql.SQL("DELETE FROM {facets}").format(facets=sql.Identifier(facets.table))


@lru_cache
def recount(resource: Resource) -> sql.Composed:
    """Count all rows of a resource with facets anew, into a table of facets that is empty."""
    assert resource.facets
    names = sql.SQL(", ").join(_columns(resource, resource.facets))
    return sql.SQL("""
        INSERT INTO {facets} (id, {names}, count)
        SELECT facet_id, {names}, count(*) FROM {table} WHERE facet_id IS NOT NULL GROUP BY facet_id, {names}
    """).format(
        facets=sql.Identifier(resource.facets.table), names=names, table=sql.Identifier(resource.table)
    )


def _count_merged(resource: Resource, facets: Facets) -> sql.Composed:
    """CTEs that move the counts of merged rows from their old facet to their new one."""
    names = _columns(resource, facets)
    return sql.SQL("""
        , moved AS (
            SELECT facet_id, sum(by) AS by FROM (
                SELECT facet_id, 1 AS by FROM merged
                UNION ALL
                SELECT before.facet_id, -1 FROM merged JOIN before USING (sid)
                WHERE before.facet_id IS NOT NULL
            ) AS steps GROUP BY facet_id HAVING sum(by) <> 0
        ), described AS (
            SELECT DISTINCT ON (facet_id) facet_id, {names} FROM incoming
        ), counted AS (
            INSERT INTO {facets} AS known (id, {names}, count)
            SELECT moved.facet_id, {described}, moved.by
            FROM moved
            LEFT JOIN described USING (facet_id)
            LEFT JOIN {facets} AS old ON old.id = moved.facet_id
            ORDER BY moved.facet_id
            ON CONFLICT (id) DO UPDATE SET count = known.count + excluded.count
        )
    """).format(
        facets=sql.Identifier(facets.table),
        names=sql.SQL(", ").join(names),
        described=sql.SQL(", ").join(
            sql.SQL("coalesce(described.{name}, old.{name})").format(name=name) for name in names
        ),
    )


def _count_gone(facets: Facets) -> sql.Composed:
    """A CTE that takes rows that went missing out of the count of their facet."""
    return sql.SQL("""
        , counted AS (
            UPDATE {facets} AS known SET count = known.count - gone.by
            FROM (SELECT facet_id, count(*) AS by FROM gone GROUP BY facet_id ORDER BY facet_id) AS gone
            WHERE known.id = gone.facet_id
        )
    """).format(facets=sql.Identifier(facets.table))


def _columns(resource: Resource, facets: Facets) -> list[sql.Identifier]:
    return [sql.Identifier(resource.column(name)) for name in facets.names]
